import type { DeadLetterFilter, DeadLetterStatus, RecordPlace } from './dead-letter-contract.ts';
import { letterCondition } from './dead-letters.ts';
import type { WarehouseReads } from '../operations.ts';
import { queryRows } from './query-rows.ts';

/** A dead letter for people and scripts: times ISO 8601, bytes base64. */
export interface LetterShown extends RecordPlace {
  readonly timestamp: string;
  readonly landedAt: string;
  readonly status: DeadLetterStatus;
  readonly reasonCode: string;
  readonly reason: string;
  readonly keyBase64: string | null;
  readonly valueBase64: string | null;
  readonly headers: readonly { readonly key: string; readonly valueBase64: string }[];
  /** Of a redriven one: what it counts as, and in whose place or right after which record. */
  readonly redrive: {
    readonly keyBase64: string | null;
    readonly valueBase64: string | null;
    readonly partition: number;
    readonly offset: number;
  } | null;
}

/** How many dead letters a topic has of a reason. */
export interface LetterCount {
  readonly topic: string;
  readonly reasonCode: string;
  readonly letters: number;
  readonly oldest: string;
  readonly newest: string;
}

/** Dead letters of a filter by topic, partition and offset; at most so many. */
export async function shownLetters(
  reads: WarehouseReads,
  filter: DeadLetterFilter,
  limit: number,
): Promise<LetterShown[]> {
  const rows = await queryRows(
    reads,
    `select topic, partition, record_offset, record_timestamp, landed_at, status, reason_code, reason, key, value, headers,
       redrive_key, redrive_value, place_partition, place_offset
     from lens.dead_letters where ${letterCondition(filter)} order by topic, partition, record_offset limit ${limit}`,
  );
  return rows.map((row) => ({
    topic: row['topic'] as string,
    partition: row['partition'] as number,
    offset: row['record_offset'] as number,
    timestamp: row['record_timestamp'] as string,
    landedAt: row['landed_at'] as string,
    status: row['status'] as DeadLetterStatus,
    reasonCode: row['reason_code'] as string,
    reason: row['reason'] as string,
    keyBase64: row['key'] as string | null,
    valueBase64: row['value'] as string | null,
    headers: JSON.parse((row['headers'] as string | null) ?? '[]') as LetterShown['headers'],
    redrive:
      row['place_partition'] === null
        ? null
        : {
            keyBase64: row['redrive_key'] as string | null,
            valueBase64: row['redrive_value'] as string | null,
            partition: row['place_partition'] as number,
            offset: row['place_offset'] as number,
          },
  }));
}

/** How many dead letters of a filter there are, by topic and reason. */
export async function countedLetters(reads: WarehouseReads, filter: DeadLetterFilter): Promise<LetterCount[]> {
  const rows = await queryRows(
    reads,
    `select topic, reason_code, count(*) as letters, min(record_timestamp) as oldest, max(record_timestamp) as newest
     from lens.dead_letters where ${letterCondition(filter)} group by all order by all`,
  );
  return rows.map((row) => ({
    topic: row['topic'] as string,
    reasonCode: row['reason_code'] as string,
    letters: row['letters'] as number,
    oldest: row['oldest'] as string,
    newest: row['newest'] as string,
  }));
}
