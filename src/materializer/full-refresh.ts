import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../core/errors.ts';
import type { LogReading, PartitionOffsets } from '../log/event-log.ts';
import type { CheckpointEntry } from './checkpoint.ts';

/** The live edition's file, the one being built, and the one kept for rollback. */
export function editionFiles(dataDir: string): { live: string; next: string; previous: string } {
  const file = (name: string): string => path.join(dataDir, name);
  return {
    live: file('warehouse.duckdb'),
    next: file('warehouse.next.duckdb'),
    previous: file('warehouse.previous.duckdb'),
  };
}

/** WAREHOUSE_MISSING when a data folder holds no live edition and no swap to finish. */
export function requireWarehouse(dataDir: string): void {
  const { live, next, previous } = editionFiles(dataDir);
  if (existsSync(live) || (existsSync(next) && existsSync(previous))) return;
  throw new LensError('WAREHOUSE_MISSING', 'there is no warehouse yet', {
    place: live,
    hint: 'lens run or lens start makes it; --data-dir says where it is',
  });
}

/** Removes an edition that an earlier full refresh left unfinished. */
export function removeEdition(file: string): void {
  for (const name of [file, `${file}.wal`]) rmSync(name, { force: true });
}

/**
 * Puts a finished edition in the live one's place; both must be closed. A crash between the renames leaves no live file
 * but the finished one, which {@link recoverSwap} then puts in place.
 */
export function swapEditions(dataDir: string): void {
  const { live, next, previous } = editionFiles(dataDir);
  removeEdition(previous);
  moveEdition(live, previous);
  moveEdition(next, live);
}

/** Finishes a swap that a crash interrupted. Gives true when it did. */
export function recoverSwap(dataDir: string): boolean {
  const { live, next, previous } = editionFiles(dataDir);
  if (existsSync(live) || !existsSync(previous) || !existsSync(next)) return false;
  moveEdition(next, live);
  return true;
}

function moveEdition(from: string, to: string): void {
  // The log first: a database without its own write-ahead log is whole, a log without its database is not.
  if (existsSync(`${from}.wal`)) renameSync(`${from}.wal`, `${to}.wal`);
  renameSync(from, to);
}

/**
 * LOG_HISTORY_GONE when the log no longer reaches back to the first offset ever applied, or a topic was made anew: a replay would lose what only
 * the warehouse still holds.
 */
export async function requireHistory(
  log: LogReading,
  checkpoint: readonly CheckpointEntry[],
  topics: readonly string[],
  wayOut = '--allow-data-loss refreshes from what is left',
): Promise<void> {
  const offsets = new Map((await log.offsets(topics)).map((o) => [`${o.topic}/${o.partition}`, o]));
  const described = await log.topics(topics);
  const gone = checkpoint.filter(
    ({ topic, partition, firstOffset, topicId }) =>
      described.get(topic)?.id !== topicId || lost(offsets.get(`${topic}/${partition}`), firstOffset),
  );
  const [first] = gone;
  if (first === undefined) return;
  const numbers = gone.map(
    ({ topic, partition, firstOffset }) =>
      `${topic}/${partition}: first applied ${firstOffset}, earliest held ${offsets.get(`${topic}/${partition}`)?.low ?? 'none'}`,
  );
  throw new LensError('LOG_HISTORY_GONE', `the log no longer holds the whole history (${numbers.join('; ')})`, {
    place: `${first.topic}/${first.partition}`,
    hint: `topics that feed a warehouse need retention.ms=-1; ${wayOut}`,
  });
}

function lost(offsets: PartitionOffsets | undefined, firstOffset: number): boolean {
  return offsets === undefined || offsets.low > firstOffset;
}
