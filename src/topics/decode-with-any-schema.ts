import { blockOf } from '../log/single-records.ts';
import type { DecodedRecord, TopicCatalog } from './catalog.ts';
import { WIRE_HEADER } from './wire-format.ts';

/**
 * What a record's bytes mean by its topic's contract: as they are, or else as if one of the known schema ids stood before them.
 * Null when the topic is not known, or the bytes are no record under any of its schemas. REGISTRY_FAILED.
 */
export async function decodeWithAnySchema(
  catalog: TopicCatalog,
  { topic, partition, offset }: { topic: string; partition: number; offset: number },
  key: Uint8Array | null,
  value: Uint8Array | null,
): Promise<DecodedRecord | null> {
  const contract = catalog.contracts.find(({ name }) => name === topic);
  if (contract === undefined) return null;
  const place = { topic, partition, nextOffset: offset + 1, endOffset: offset + 1, leaderEpoch: -1 };
  await catalog.prepare(topic, blockOf(place, [{ offset, timestamp: 0, key, value, headers: [] }]));
  const json = catalog.json(topic);
  const plain = json.decode(key, value);
  if (plain.valueBase64 === undefined || value === null) return plain;
  for (const { wireId } of contract.versions.toReversed()) {
    if (wireId === null) continue;
    const id = Buffer.alloc(WIRE_HEADER);
    id.writeInt32BE(wireId, 1);
    for (const datum of value[0] === 0 ? [value.subarray(WIRE_HEADER), value] : [value]) {
      const decoded = json.decode(key, Buffer.concat([id, datum]));
      if (decoded.valueBase64 === undefined) return decoded;
    }
  }
  return null;
}
