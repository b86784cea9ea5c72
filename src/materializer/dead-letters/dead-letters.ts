import type { DeadLetter } from '../../topics/topic-contract.ts';
import type { Connection, SqlValue } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';
import type { DeadLetterFilter, DeadLetterStatus, RecordPlace } from './dead-letter-contract.ts';

/** Rows of one INSERT: parameters are bound one by one, so more of them per statement gain little. */
const ROWS_PER_INSERT = 100;

/** A dead letter as it is stored. */
export interface StoredLetter extends DeadLetter {
  /** Milliseconds since 1970. */
  readonly landedAt: number;
  readonly status: DeadLetterStatus;
  readonly redrive: Redrive | null;
}

/** What a redriven dead letter counts as in every replay. */
export interface Redrive {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The record stands in the place of this one, or right after it when it is another than the dead letter's own. */
  readonly place: { readonly partition: number; readonly offset: number };
}

/** Keeps records that could not become rows, with their bytes as sent, inside the batch's transaction. */
export async function keepDeadLetters(
  connection: Connection,
  letters: readonly DeadLetter[],
  landedAt: number,
): Promise<void> {
  const kept = letters.map((letter) => ({ ...letter, landedAt, status: 'open', redrive: null }) as const);
  await insert(connection, kept);
}

/**
 * Stores dead letters as they are now, in place of those of the same places if there are any. DELETE and INSERT, never UPDATE:
 * an UPDATE while a reader's transaction is open keeps DuckDB from checkpointing.
 */
export async function putLetters(connection: Connection, letters: readonly StoredLetter[]): Promise<void> {
  for (let from = 0; from < letters.length; from += ROWS_PER_INSERT) {
    const slice = letters.slice(from, from + ROWS_PER_INSERT);
    const places = slice.map(({ topic, partition, offset }) => `(${text(topic)}, ${partition}, ${offset}::bigint)`);
    await connection.run(
      `delete from lens.dead_letters where (topic, partition, record_offset) in (${places.join(', ')})`,
    );
    const redriven = places.filter((_, i) => slice[i]?.status === 'redriven');
    if (redriven.length > 0) {
      // What a gate had held back counts now.
      await connection.run(
        `delete from lens.held_records where (topic, partition, record_offset) in (${redriven.join(', ')})`,
      );
    }
    await insert(connection, slice);
  }
}

async function insert(connection: Connection, letters: readonly StoredLetter[]): Promise<void> {
  for (let from = 0; from < letters.length; from += ROWS_PER_INSERT) {
    const slice = letters.slice(from, from + ROWS_PER_INSERT);
    const row = '(?, ?, ?, make_timestamp(?::bigint), ?, ?, ?, ?, make_timestamp(?::bigint), ?, ?, ?, ?, ?, ?)';
    await connection.run(
      `insert into lens.dead_letters (topic, partition, record_offset, record_timestamp, key, value, reason_code, reason,
         landed_at, headers, status, redrive_key, redrive_value, place_partition, place_offset)
       values ${slice.map(() => row).join(', ')}`,
      slice.flatMap(values),
    );
  }
}

function values(letter: StoredLetter): SqlValue[] {
  const { topic, partition, offset, timestamp, key, value, reasonCode, reason, landedAt, status, redrive } = letter;
  const micros = (milliseconds: number): bigint => BigInt(Math.trunc(milliseconds)) * 1000n;
  const own = [topic, partition, BigInt(offset), micros(timestamp), key, value, reasonCode, reason, micros(landedAt)];
  const place = redrive === null ? [null, null] : [redrive.place.partition, BigInt(redrive.place.offset)];
  return [...own, headersText(letter.headers), status, redrive?.key ?? null, redrive?.value ?? null, ...place];
}

/** The dead letters of a filter, by topic, partition and offset. */
export async function readLetters(connection: Connection, filter: DeadLetterFilter): Promise<StoredLetter[]> {
  const rows = await connection.rows<LetterRow>(
    `select topic, partition, record_offset as "offset", epoch_ms(record_timestamp) as timestamp, key, value,
       reason_code as "reasonCode", reason, epoch_ms(landed_at) as "landedAt", headers, status, redrive_key as "redriveKey",
       redrive_value as "redriveValue", place_partition as "placePartition", place_offset as "placeOffset"
     from lens.dead_letters where ${letterCondition(filter)} order by topic, partition, record_offset`,
  );
  return rows.map(({ headers, redriveKey, redriveValue, placePartition, placeOffset, ...row }) => ({
    ...row,
    headers: headersOf(headers),
    redrive:
      placePartition === null
        ? null
        : {
            key: redriveKey,
            value: redriveValue,
            place: { partition: placePartition, offset: placeOffset as number },
          },
  }));
}

interface LetterRow extends Omit<StoredLetter, 'headers' | 'redrive'> {
  readonly headers: string | null;
  readonly redriveKey: Uint8Array | null;
  readonly redriveValue: Uint8Array | null;
  readonly placePartition: number | null;
  readonly placeOffset: number | null;
}

/** Removes dead letters and gives their number. Redriven ones stay: the tables are made from them. */
export async function purgeLetters(connection: Connection, filter: DeadLetterFilter): Promise<number> {
  const where = `${letterCondition(filter)} and status <> 'redriven'`;
  const purged = await connection.number(`select count(*) from lens.dead_letters where ${where}`);
  await connection.run(`delete from lens.dead_letters where ${where}`);
  return purged;
}

/** A filter as a condition on `lens.dead_letters`. */
export function letterCondition({ topic, reason, place, status, olderThanSeconds }: DeadLetterFilter): string {
  const parts = ['true'];
  if (topic !== undefined) parts.push(`topic = ${text(topic)}`);
  if (reason !== undefined) parts.push(`reason_code = ${text(reason)}`);
  if (place !== undefined) parts.push(placeCondition(place));
  if (status !== undefined) parts.push(`status in (${status.map(text).join(', ')})`);
  if (olderThanSeconds !== undefined) {
    parts.push(`landed_at < make_timestamp((epoch_ms(now()) - ${Math.round(olderThanSeconds * 1000)}::bigint) * 1000)`);
  }
  return parts.join(' and ');
}

function placeCondition({ topic, partition, offset }: RecordPlace): string {
  return `topic = ${text(topic)} and partition = ${partition} and record_offset = ${offset}::bigint`;
}

/** Headers as a JSON list, values in base64; null without any. */
function headersText(headers: DeadLetter['headers']): string | null {
  if (headers.length === 0) return null;
  return JSON.stringify(headers.map(([key, value]) => ({ key, valueBase64: Buffer.from(value).toString('base64') })));
}

/** The same read back. */
function headersOf(stored: string | null): DeadLetter['headers'] {
  const parsed = JSON.parse(stored ?? '[]') as { key: string; valueBase64: string }[];
  return parsed.map(({ key, valueBase64 }) => [key, Buffer.from(valueBase64, 'base64')] as const);
}
