import type { EventLog, LogReader, Position, RecordOptions } from '../../src/log/event-log.ts';
import type { RecordBlock } from '../../src/log/record-block.ts';
import { readHeaders } from '../../src/log/record-headers.ts';

/** A log to be put through the conformance suite. */
export interface LogFixture extends AsyncDisposable {
  readonly log: EventLog;
  /** Another handle on the same log, as another process would open it; the suite disposes it. */
  freshLog(): EventLog;
  /** Moves the partition's low offset to `offset`. */
  deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void>;
}

/** A record as the suite compares it. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

export function recordsOf(block: RecordBlock): ReadRecord[] {
  return Array.from({ length: block.count }, (_, i) => ({
    partition: block.partition,
    offset: block.offset(i),
    timestamp: block.timestamp[i] as number,
    key: text(block.key(i)),
    value: text(block.value(i)),
    headers: readHeaders(block, i).map(([name, value]) => [name, text(value) ?? ''] as const),
  }));
}

/** One character a byte, so that any bytes compare. */
export function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

export function bytes(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1');
}

/** Start positions of all partitions of a topic. */
export function startOf(topic: string, partitions: number, offset = 0): Position[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset }));
}

/** Reads until `enough` records came (or 20 seconds passed), then looks once more whether there are too many. */
export async function take(reader: LogReader, enough: number): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  const deadline = performance.now() + 20_000;
  while (records.length < enough && performance.now() < deadline) {
    const block = await reader.next(1000);
    if (block !== null) records.push(...recordsOf(block));
  }
  const more = await reader.next(50);
  return more === null ? records : [...records, ...recordsOf(more)];
}

export async function readFrom(log: EventLog, from: readonly Position[], enough: number): Promise<ReadRecord[]> {
  await using reader = await log.read(from);
  return await take(reader, enough);
}

/** Appends records `[key, value, options]` and flushes. */
export async function append(
  log: EventLog,
  topic: string,
  records: Iterable<readonly [string | null, string | null, RecordOptions?]>,
): Promise<void> {
  await using writer = await log.write();
  for (const [key, value, options] of records) {
    writer.add(topic, key === null ? null : bytes(key), value === null ? null : bytes(value), options);
    await writer.drain();
  }
  await writer.flush();
}
