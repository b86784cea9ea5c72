import { LensError } from '../../core/errors.ts';
import type { LogReading, PartitionOffsets } from '../../log/event-log.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { AmendedLog } from '../dead-letters/amended-log.ts';
import { type CheckpointEntry, readCheckpoint } from '../checkpoint.ts';
import { NO_ROWS } from '../compare-tables.ts';
import { consume } from '../consume.ts';
import type { EditionOptions } from '../edition.ts';
import { heldOffsets, LogWithoutHeld } from '../gates/held-records.ts';
import { requireHistory } from '../editions/history.ts';
import type { MaterializerOptions } from '../materializer-options.ts';
import { PinnedLog } from '../editions/pinned-log.ts';
import type { RawTable } from '../raw-tables.ts';
import type { SeedTable } from '../seeds/seed-tables.ts';
import { compareWithReplay, type ReplayTable, replayTables } from './replay-tables.ts';
import { settledLetters, withLetters } from '../dead-letters/replay-letters.ts';
import { type ReplayStage, stagesOf } from './replay-stages.ts';
import { ScratchEdition } from '../editions/scratch-edition.ts';
import type { ReplayVerification, TableVerification, VerifyOptions } from './verification.ts';
import { verifyChaos } from './verify-chaos.ts';
import type { Standing } from './verify-standings.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';

/** What a replay is made with. */
export interface ReplayWork extends EditionOptions, Pick<MaterializerOptions, 'dataDir' | 'batch' | 'bulk'> {
  readonly log: LogReading;
  readonly plans: readonly MaintenancePlan[];
  readonly tables: readonly RawTable[];
  readonly seeds: readonly SeedTable[];
}

export type ReplayOptions = ReplayWork & VerifyOptions & { readonly signal: AbortSignal };

/**
 * Replays the log from the first offsets ever applied up to the checkpoint, into a scratch warehouse in the data folder, and
 * compares raw tables, models and states with those that are stored. A model that stands at an older checkpoint of its own is
 * compared when the replay is there.
 */
export async function verifyByReplay(
  connection: Connection,
  work: ReplayOptions,
  standings: readonly Standing[],
  selected: ReadonlySet<string>,
): Promise<{ tables: TableVerification[]; replays: ReplayVerification[] }> {
  const topics = work.tables.map(({ contract }) => contract.name);
  const checkpoint = (await readCheckpoint(connection)).filter(({ topic }) => topics.includes(topic));
  const ends = await heldEnds(work.log, checkpoint, topics);
  const tables = replayTables(work.tables, work.plans, standings, selected);
  const compacted = await compactedTopics(work.log, topics);
  const thinned = new Set<string>();
  const done = new Map<string, TableVerification>();
  const held = await heldOffsets(connection);
  const seedsOf = { tables: work.seeds, from: connection };
  await using scratch = await ScratchEdition.open(work.dataDir, { ...work, gated: false, seedsOf });
  const letters = await settledLetters(connection);
  await withLetters(scratch.edition, letters, work);
  for (const stage of stagesOf(checkpoint, tables)) {
    const log = new LogWithoutHeld(new PinnedLog(work.log, stage.ends, thinned), held);
    await advance(scratch, { ...work, log: new AmendedLog(log, letters) }, stage, checkpoint);
    using replayed = await scratch.edition.warehouse.connect();
    using _interrupting = replayed.interruptOn(work.signal);
    const unsure = (topic: string): boolean =>
      compacted.has(topic) && thinned.has(topic) && !atEnd(topic, stage.ends, ends);
    for (const table of stage.tables) done.set(table.name, await verifyTable(table, connection, replayed, unsure));
  }
  const compared = tables.map((table) => done.get(table.name) ?? leftOut(table));
  if (work.chaos === undefined) return { tables: compared, replays: [] };
  const replays = await verifyChaos(
    scratch,
    { ...work, log: new LogWithoutHeld(work.log, held), gated: false, seedsOf },
    letters,
    work.chaos,
    checkpoint,
    tables,
  );
  return { tables: compared, replays };
}

/** The log's ends. LOG_HISTORY_GONE or LOG_OFFSET_OUT_OF_RANGE when it does not hold all records before the checkpoint. */
async function heldEnds(
  log: LogReading,
  checkpoint: readonly CheckpointEntry[],
  topics: readonly string[],
): Promise<PartitionOffsets[]> {
  await requireHistory(log, checkpoint, topics, 'lens verify without --from log needs no history');
  const ends = await log.offsets(topics);
  for (const { topic, partition, nextOffset } of checkpoint) {
    const end = ends.find((one) => one.topic === topic && one.partition === partition)?.end ?? 0;
    if (end >= nextOffset) continue;
    throw new LensError('LOG_OFFSET_OUT_OF_RANGE', `the log ends at ${end}, before the checkpoint (${nextOffset})`, {
      place: `${topic}/${partition}`,
      hint: 'the log lost records that were applied; lens verify without --from log needs none of them',
    });
  }
  return ends;
}

/** Topics in which the log may leave out a record for a newer one of its key. */
async function compactedTopics(log: LogReading, topics: readonly string[]): Promise<Set<string>> {
  const described = await log.topics(topics);
  return new Set(topics.filter((topic) => described.get(topic)?.settings.get('cleanup.policy')?.includes('compact')));
}

function atEnd(topic: string, at: readonly PartitionOffsets[], ends: readonly PartitionOffsets[]): boolean {
  return at.every(
    (one) =>
      one.topic !== topic ||
      one.end >= (ends.find((end) => end.topic === topic && end.partition === one.partition)?.end ?? 0),
  );
}

/** Lands what lies between the last stage and this one, and builds every model over it. */
async function advance(
  { edition }: ScratchEdition,
  work: ReplayOptions,
  stage: ReplayStage,
  checkpoint: readonly CheckpointEntry[],
): Promise<void> {
  const total = checkpoint.reduce((sum, entry) => sum + entry.nextOffset - entry.firstOffset, 0);
  const before = stage.ends.reduce((sum, { low, end }) => sum + end - low, 0);
  await consume(edition, {
    log: work.log,
    catalog: work.catalog,
    batch: work.batch,
    bulk: work.bulk,
    until: stage.ends,
    signal: work.signal,
    alwaysBulk: true,
    exclusive: (part) => part(),
    onEvent: (event) => {
      if (event.kind === 'batch') work.onProgress?.({ label: 'replay', done: before - event.lag, total });
    },
  });
  work.signal.throwIfAborted();
  await edition.compaction.run(true);
}

async function verifyTable(
  table: ReplayTable,
  stored: Connection,
  replayed: Connection,
  unsure: (topic: string) => boolean,
): Promise<TableVerification> {
  const about = {
    name: table.name,
    kind: table.kind,
    selected: true,
    recordsBehind: table.standing?.recordsBehind ?? 0,
  };
  const compared = await compareWithReplay(table, stored, replayed);
  const topic = [...table.topics].find(unsure);
  if (compared.status !== 'different' || topic === undefined) return { ...about, ...compared };
  const reason = `topic ${topic} was compacted and has records beyond this checkpoint, which may stand for older ones that are gone; compare again when the warehouse is current`;
  return { ...about, ...NO_ROWS, rows: compared.rows, status: 'not compared', reason };
}

function leftOut(table: ReplayTable): TableVerification {
  const { name, kind, standing, unsteady } = table;
  const reason = standing?.problem ?? unsteady ?? 'its checkpoint lies aside of those the log passes through';
  const recordsBehind = standing?.recordsBehind ?? 0;
  return {
    ...NO_ROWS,
    name,
    kind,
    selected: true,
    rows: standing?.rows ?? 0,
    recordsBehind,
    status: 'not compared',
    reason,
  };
}
