import { messageOf } from '../core/errors.ts';
import type { EventLog } from '../log/event-log.ts';
import { recordAt, type SingleRecord } from '../log/single-records.ts';
import type { AvroRecord } from './avro-schema.ts';
import { parseAvroSchema } from './avro-schema.ts';
import { ValueReader } from './avro-values.ts';
import { Rejection } from './dead-letter-reasons.ts';
import type { KeyedSample } from './init-key.ts';
import { toJson } from './json-form.ts';
import { objectOf } from './json-values.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { WIRE_HEADER, wireIdOf } from './wire-format.ts';

/** What a topic's first records are. */
export interface TopicSample {
  readonly format: 'avro' | 'json';
  /** Records with a value that could be read. */
  readonly samples: readonly KeyedSample[];
  /** The schema of the newest of them; null for JSON. */
  readonly schema: unknown;
  /** Records that could not be read, and why the first of them could not. */
  readonly unread: number;
  readonly why: string | null;
}

/** How long a topic may have nothing to give before it counts as read. */
const WAIT_MS = 5000;

/** Reads the first records of a topic, so many over all partitions. LOG_TOPIC_MISSING, REGISTRY_FAILED. */
export async function sampleTopic(
  log: EventLog,
  topic: string,
  limit: number,
  registry: SchemaRegistry | null,
): Promise<TopicSample> {
  const samples: KeyedSample[] = [];
  let [schema, unread, format]: [unknown, number, 'avro' | 'json'] = [null, 0, 'json'];
  let why: string | null = null;
  for (const record of await firstRecords(log, topic, limit)) {
    if (record.value === null) continue;
    try {
      const read = await readSample(record.value, registry);
      if (read.schema !== null) [schema, format] = [read.schema, 'avro'];
      samples.push({ key: record.key === null ? null : Buffer.from(record.key).toString(), value: read.value });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      unread++;
      why ??= messageOf(error);
    }
  }
  return { format, samples, schema, unread, why };
}

async function firstRecords(log: EventLog, topic: string, limit: number): Promise<SingleRecord[]> {
  const offsets = (await log.offsets([topic])).filter(({ low, end }) => low < end);
  const open = new Map(offsets.map(({ partition, end }) => [partition, end]));
  if (open.size === 0) return [];
  await using reader = await log.read(offsets.map(({ partition, low }) => ({ topic, partition, offset: low })));
  const found: SingleRecord[] = [];
  const deadline = Date.now() + WAIT_MS;
  while (open.size > 0 && found.length < limit && Date.now() < deadline) {
    const block = await reader.next(200);
    if (block === null) continue;
    for (let i = 0; i < block.count && found.length < limit; i++) found.push(recordAt(block, i));
    if (block.nextOffset >= (open.get(block.partition) ?? 0)) open.delete(block.partition);
  }
  return found;
}

async function readSample(
  bytes: Uint8Array,
  registry: SchemaRegistry | null,
): Promise<{ value: Readonly<Record<string, unknown>>; schema: unknown }> {
  const id = wireIdOf(bytes, 0, bytes.length);
  if (bytes[0] !== 0) return { value: objectOf(bytes), schema: null };
  if (registry === null) throw new Rejection('unknown_schema', `Avro of schema id ${id}, and no registry is given`);
  const found = await registry.schemaOf(id);
  if ('unknown' in found) throw new Rejection('unknown_schema', found.unknown);
  try {
    const values = new ValueReader(found.schema, found.schema).read(bytes, WIRE_HEADER, bytes.length);
    const { fields } = parseAvroSchema(found.schema) as AvroRecord;
    const value = Object.fromEntries(fields.map(({ name, type }) => [name, toJson(type, values[name] ?? null)]));
    return { value, schema: found.schema };
  } catch (error) {
    throw new Rejection('undecodable', messageOf(error));
  }
}
