import type { RecordBlock } from '../../log/record-block.ts';
import { readHeaders } from '../../log/record-headers.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { TopicContract } from '../../topics/topic-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { idents } from '../../warehouse/sql.ts';
import { type AmendedLog, letterBlock, ORIGIN_HEADER } from '../dead-letters/amended-log.ts';
import type { CheckpointEntry } from '../checkpoint.ts';
import { recreated } from '../find-partitions.ts';
import type { RawRow, RawRows } from './lineage.ts';
import type { WhyRecord } from './why-contract.ts';

/** Where the log's records are, and which of them count: those that were applied. */
export interface AppliedLog {
  readonly log: AmendedLog;
  readonly catalog: TopicCatalog;
  /** As it was when the rows were read: no record after it counts. */
  readonly checkpoint: readonly CheckpointEntry[];
  /** `partition@offset` of a topic's dead letters, which made no row. */
  readonly deadLetters: (topic: string) => ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/**
 * Finds the records that rows of one raw table were made from, in its topic: rows hold no offsets, so the topic is read from
 * the earliest record that was applied to the checkpoint. By key, only keys are looked at, and the last record of a key that is
 * no dead letter is the row's; of a table without a key all values are compared.
 */
export async function findRecords(connection: Connection, source: AppliedLog, rows: readonly RawRows[]): Promise<void> {
  const contract = rows[0]?.table.contract;
  if (contract === undefined || rows.every((one) => one.rows.length === 0)) return;
  if (contract.mode === 'append') await findByValues(source, contract, rows);
  else await findByKeys(connection, source, contract, rows);
}

/** A record that a row may be made from. */
interface Candidate {
  readonly record: WhyRecord;
  readonly milliseconds: number;
  readonly keyBytes: Uint8Array;
  /** Null for a tombstone. */
  readonly value: Uint8Array | null;
}

/** A message key that rows are made from. */
interface Wanted {
  readonly text: string;
  /** The same row may stand in several places of the answer. */
  readonly rows: RawRow[];
  /** One of the places where it stands whole. */
  readonly whole: string;
  readonly at: number;
  /** The columns that this record gave. */
  readonly columns: readonly string[];
  /** The last record in each partition: a key may have moved, when its topic was given more of them. */
  readonly last: Map<number, Candidate>;
}

async function findByKeys(
  connection: Connection,
  source: AppliedLog,
  contract: TopicContract,
  rows: readonly RawRows[],
): Promise<void> {
  const wanted = await wantedKeys(connection, source.catalog, contract, rows);
  const dead = source.deadLetters(contract.name);
  await scan(source, contract.name, async (block, count) => {
    const bytes = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length);
    let any = false;
    for (let i = 0; i < count; i++) {
      const [start, length] = [block.keyStart[i] as number, block.keyLength[i] as number];
      const key = length < 0 ? undefined : wanted.get(bytes.toString('latin1', start, start + length));
      if (key === undefined || dead.has(`${block.partition}@${block.offset(i)}`)) continue;
      key.last.set(block.partition, {
        record: recordOf(block, i, key.text),
        milliseconds: block.timestamp[i] as number,
        keyBytes: block.key(i) as Uint8Array,
        value: block.value(i),
      });
      any = true;
    }
    if (any) await source.catalog.prepare(contract.name, block);
  });
  for (const key of wanted.values()) {
    const record = await sourceOf(connection, source.catalog, contract, key);
    for (const row of key.rows) {
      if (record === null) row.gone.push(key.text);
      else row.records.push(record);
    }
  }
}

/** By the bytes of the key as latin1 text. In mode patch a row is made from one record of each kind that it has. */
async function wantedKeys(
  connection: Connection,
  catalog: TopicCatalog,
  contract: TopicContract,
  places: readonly RawRows[],
): Promise<Map<string, Wanted>> {
  const wanted = new Map<string, Wanted>();
  for (const { rows, whole } of places) {
    if (whole === null) continue;
    const kinds = contract.mode === 'patch' ? ', _kinds' : '';
    const keys = await connection.jsonRows(
      `select ${idents(contract.tableKey)}${kinds} from ${whole} order by lens_row`,
    );
    for (const [at, row] of rows.entries()) {
      const values = keys[at] ?? {};
      const parts = contract.tableKey.map((name) => values[name]);
      const add = (key: readonly unknown[], columns: readonly string[]): void => {
        const text = catalog.keyText(contract.name, key);
        const bytes = Buffer.from(text).toString('latin1');
        const before = wanted.get(bytes);
        if (before !== undefined) before.rows.push(row);
        else wanted.set(bytes, { text, rows: [row], whole, at, columns, last: new Map() });
      };
      if (contract.mode !== 'patch')
        add(
          parts,
          contract.columns.map(({ name }) => name),
        );
      for (const [bit, kind] of contract.kinds.entries()) {
        if ((Number(values['_kinds']) & (1 << bit)) !== 0) add([...parts, kind.name], kind.columns);
      }
    }
  }
  return wanted;
}

/**
 * The record that a row was made from: the last of its key. Where several partitions have one, nothing tells which was
 * applied last but the row itself: the one with its values, or else the newest.
 */
async function sourceOf(
  connection: Connection,
  catalog: TopicCatalog,
  { name }: TopicContract,
  { last, whole, at, columns }: Wanted,
): Promise<WhyRecord | null> {
  const candidates = [...last.values()].filter(({ value }) => value !== null);
  candidates.sort((a, b) => b.milliseconds - a.milliseconds);
  if (candidates.length < 2) return candidates[0]?.record ?? null;
  const [row = {}] = await connection.jsonRows(`select * from ${whole} where lens_row = ${at}`);
  const stored = textOf(row, columns);
  const json = catalog.json(name);
  const same = candidates.find(({ keyBytes, value }) => textOf(json.decode(keyBytes, value).value, columns) === stored);
  return (same ?? candidates[0])?.record ?? null;
}

/** Rows of a table that only grows are alike when all their values are. */
async function findByValues(source: AppliedLog, contract: TopicContract, places: readonly RawRows[]): Promise<void> {
  const names = contract.columns.map(({ name }) => name);
  const wanted = new Map<string, RawRow[]>();
  for (const row of places.flatMap(({ rows }) => rows)) {
    const text = textOf(row.key, names);
    wanted.set(text, [...(wanted.get(text) ?? []), row]);
  }
  const dead = source.deadLetters(contract.name);
  const json = source.catalog.json(contract.name);
  await scan(source, contract.name, async (block, count) => {
    await source.catalog.prepare(contract.name, block);
    for (let i = 0; i < count; i++) {
      if (dead.has(`${block.partition}@${block.offset(i)}`)) continue;
      const rows = wanted.get(textOf(json.decode(null, block.value(i)).value, names));
      if (rows === undefined) continue;
      const key = block.key(i);
      const record = recordOf(block, i, key === null ? null : Buffer.from(key).toString());
      for (const row of rows) row.records.push(record);
    }
  });
  for (const row of new Set([...wanted.values()].flat())) {
    for (let missing = (row.copies ?? 1) - row.records.length; missing > 0; missing--) row.gone.push(null);
  }
}

/** Values of a row or a decoded record, both in their JSON form, so that equal ones are equal texts. */
function textOf(values: unknown, names: readonly string[]): string {
  const row = (values ?? {}) as Readonly<Record<string, unknown>>;
  return JSON.stringify(names.map((name) => row[name] ?? null));
}

function recordOf(block: RecordBlock, i: number, key: string | null): WhyRecord {
  const milliseconds = block.timestamp[i] as number;
  // Kafka's -1 is a record without a time.
  const timed = milliseconds >= 0 && milliseconds <= 8.64e15;
  return {
    topic: block.topic,
    ...placeOf(block, i),
    timestamp: timed ? new Date(milliseconds).toISOString() : null,
    key,
  };
}

/** Where the log has a record: one that stands for a redriven dead letter says so itself. */
function placeOf(block: RecordBlock, i: number): { partition: number; offset: number } {
  const [, origin] = readHeaders(block, i).find(([name]) => name === ORIGIN_HEADER) ?? [];
  if (origin === undefined) return { partition: block.partition, offset: block.offset(i) };
  const [partition = 0, offset = 0] = Buffer.from(origin).toString().split('/').map(Number);
  return { partition, offset };
}

/**
 * Reads what a topic holds of the records that were applied; `count` is how many of a block's are. LOG_TOPIC_MISSING;
 * LOG_TOPIC_RECREATED when it is not the topic they came from.
 */
async function scan(
  { log, checkpoint, signal }: AppliedLog,
  topic: string,
  visit: (block: RecordBlock, count: number) => Promise<void>,
): Promise<void> {
  const entries = checkpoint.filter((entry) => entry.topic === topic);
  const now = (await log.topics([topic])).get(topic)?.id;
  const other = entries.find(({ topicId }) => now !== undefined && topicId !== now);
  if (other !== undefined) throw recreated(topic, other.nextOffset);
  const open = new Map<number, number>();
  const from = [];
  const offsets = await log.offsets([topic]);
  for (const letter of log.before(offsets)) await visit(letterBlock(letter), 1);
  for (const { partition, low, end } of offsets) {
    const entry = entries.find((one) => one.partition === partition);
    if (entry === undefined) continue;
    const [first, until] = [Math.max(low, entry.firstOffset), Math.min(end, entry.nextOffset)];
    if (first >= until) continue;
    open.set(partition, until);
    from.push({ topic, partition, offset: first });
  }
  if (from.length === 0) return;
  await using reader = await log.read(from, { signal });
  while (open.size > 0) {
    signal.throwIfAborted();
    const block = await reader.next(500);
    if (block === null) continue;
    const until = open.get(block.partition);
    if (until === undefined) continue;
    let count = block.count;
    while (count > 0 && block.offset(count - 1) >= until) count--;
    await visit(block, count);
    if (block.nextOffset >= until) open.delete(block.partition);
  }
}
