import { RecordBlock } from './record-block.ts';
import { type Headers, packHeaders, readHeaders } from './record-headers.ts';

/** One record by itself, for work on a few of them. */
export interface SingleRecord {
  readonly offset: number;
  /** Milliseconds since 1970; Kafka's -1 where it has none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** A copy of record i of a block. LOG_CORRUPT when its headers are malformed. */
export function recordAt(block: RecordBlock, i: number): SingleRecord {
  const [key, value] = [block.key(i), block.value(i)];
  return {
    offset: block.offset(i),
    timestamp: block.timestamp[i] as number,
    key,
    value,
    headers: readHeaders(block, i),
  };
}

/** Where a block belongs, and where reading goes on after it. */
export type BlockPlace = Pick<RecordBlock, 'topic' | 'partition' | 'nextOffset' | 'endOffset' | 'leaderEpoch'>;

/** A block of the given records, whose offsets do not decrease. */
export function blockOf(place: BlockPlace, records: readonly SingleRecord[]): RecordBlock {
  const block = new RecordBlock();
  block.topic = place.topic;
  block.partition = place.partition;
  block.nextOffset = place.nextOffset;
  block.endOffset = place.endOffset;
  block.leaderEpoch = place.leaderEpoch;
  block.baseOffset = records[0]?.offset ?? place.nextOffset;
  block.count = records.length;
  block.ensure(records.length);
  const parts: Uint8Array[] = [];
  let length = 0;
  const put = (bytes: Uint8Array | null): readonly [number, number] => {
    if (bytes === null) return [length, -1];
    parts.push(bytes);
    length += bytes.length;
    return [length - bytes.length, bytes.length];
  };
  for (const [i, { offset, timestamp, key, value, headers }] of records.entries()) {
    block.offsetDelta[i] = offset - block.baseOffset;
    block.timestamp[i] = timestamp;
    const [keyStart, keyLength] = put(key);
    const [valueStart, valueLength] = put(value);
    const headersStart = headers.length === 0 ? -1 : put(packHeaders(headers))[0];
    block.keyStart[i] = keyStart;
    block.keyLength[i] = keyLength;
    block.valueStart[i] = valueStart;
    block.valueLength[i] = valueLength;
    block.headersStart[i] = headersStart;
  }
  block.bytes = Buffer.concat(parts);
  return block;
}
