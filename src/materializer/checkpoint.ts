import type { Position } from '../log/event-log.ts';
import type { Connection, SqlValue } from '../warehouse/connection.ts';
import { text } from '../warehouse/sql.ts';

/** One partition's place in the log: everything before `nextOffset` has been applied. */
export interface CheckpointEntry {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  /** The first offset ever applied. */
  readonly firstOffset: number;
  readonly topicId: string;
  /** Of the last batch applied, null when unknown (event-log.ts, Position). */
  readonly leaderEpoch: number | null;
}

/** Reads the checkpoint as last committed. */
export function readCheckpoint(connection: Connection): Promise<CheckpointEntry[]> {
  return connection.rows(
    `select topic, partition, next_offset as "nextOffset", first_offset as "firstOffset", topic_id as "topicId",
       leader_epoch as "leaderEpoch"
     from lens.checkpoint order by topic, partition`,
  );
}

/**
 * Makes partitions known before their first batch, with the offset at which reading starts. DELETE and INSERT, never
 * UPDATE: an UPDATE while a reader's transaction is open keeps DuckDB from checkpointing.
 */
export async function addPartitions(connection: Connection, entries: readonly CheckpointEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const values = entries.flatMap(({ topic, partition, nextOffset, firstOffset, topicId, leaderEpoch }) =>
    [topic, partition, nextOffset, firstOffset, topicId, leaderEpoch].map(exact),
  );
  await connection.run(
    `insert into lens.checkpoint values ${entries.map(() => '(?, ?, ?, ?, ?, ?)').join(', ')}`,
    values,
  );
}

/** Advances the checkpoint inside the batch's transaction: one round trip, since a batch pays for each. */
export async function advanceCheckpoint(connection: Connection, positions: readonly Position[]): Promise<void> {
  if (positions.length === 0) return;
  const place = ({ topic, partition }: Position): string => `topic = ${text(topic)} and partition = ${partition}`;
  const moved = positions.map((one) => `(${place(one)} and next_offset <> ${one.offset})`).join(' or ');
  const now = (value: (one: Position) => string | number): string =>
    `case ${positions.map((one) => `when ${place(one)} then ${value(one)}`).join(' ')} end`;
  // Without a join, which DuckDB takes longer to plan.
  await connection.run(
    `insert into lens.checkpoint
       select topic, partition, ${now(({ offset }) => offset)}, first_offset, topic_id, ${now(({ leaderEpoch }) => leaderEpoch ?? 'null')}
       from lens.checkpoint where ${moved};
     delete from lens.checkpoint where ${moved}`,
  );
}

/** Positions to read on from. */
export function positionsOf(checkpoint: readonly CheckpointEntry[]): Position[] {
  return checkpoint.map(({ topic, partition, nextOffset, leaderEpoch }) => ({
    topic,
    partition,
    offset: nextOffset,
    leaderEpoch: leaderEpoch ?? undefined,
  }));
}

/** A JS number bound as an integer, not as a double. */
function exact(value: string | number | null): SqlValue {
  return typeof value === 'number' ? BigInt(value) : value;
}
