import { LensError } from '../../core/errors.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { BatchCollector } from '../batch-collector.ts';
import { type ChaosPlan, chaosPlan, type ChaosStep, planLines } from './chaos-plan.ts';
import { ChaosReader } from './chaos-reader.ts';
import { addPartitions, type CheckpointEntry, positionsOf } from '../checkpoint.ts';
import type { StoredLetter } from '../dead-letters/dead-letters.ts';
import type { Edition } from '../edition.ts';
import { failedModels } from '../models/model-states.ts';
import { compareWithReplay, type ReplayTable } from './replay-tables.ts';
import { withLetters } from '../dead-letters/replay-letters.ts';
import { ScratchEdition } from '../editions/scratch-edition.ts';
import type { ReplayVerification, TableVerification, VerifyOptions } from './verification.ts';
import type { ReplayOptions } from './verify-replay.ts';

/**
 * Replays the records before the checkpoint in other ways (chaos-plan.ts), each into a scratch warehouse of its own, and
 * compares its tables with those of the plain replay: batch cuts, the order between partitions, records again, restarts,
 * compactions, fold or bulk must not matter.
 */
export async function verifyChaos(
  plain: ScratchEdition,
  work: ReplayOptions,
  letters: readonly StoredLetter[],
  { replays, seed }: NonNullable<VerifyOptions['chaos']>,
  checkpoint: readonly CheckpointEntry[],
  tables: readonly ReplayTable[],
): Promise<ReplayVerification[]> {
  using reference = await plain.edition.warehouse.connect();
  using _interrupting = reference.interruptOn(work.signal);
  const failed = new Set((await failedModels(reference)).map(({ name }) => name));
  // A model that fails on these records has no rows to compare.
  const comparable = tables.filter(
    ({ unsteady, standing }) => unsteady === null && !(standing !== null && failed.has(standing.plan.model)),
  );
  const modes = new Map(work.tables.map(({ contract }) => [contract.name, contract.mode]));
  const partitions = checkpoint.map(({ topic, partition, firstOffset, nextOffset }) => {
    return { topic, partition, from: firstOffset, to: nextOffset, idempotent: modes.get(topic) !== 'append' };
  });
  const done: ReplayVerification[] = [];
  for (let number = 1; number <= replays; number++) {
    work.onProgress?.({ label: 'replays in other ways', done: number - 1, total: replays });
    const plan = chaosPlan(seed, number, partitions);
    await using scratch = await ScratchEdition.open(work.dataDir, work);
    const log = await withLetters(scratch.edition, letters, work);
    const steps = await new ChaosReplay(scratch, { ...work, log }, plan, checkpoint).run();
    using replayed = await scratch.edition.warehouse.connect();
    using _stopping = replayed.interruptOn(work.signal);
    const different = await reference.transaction(() => differing(comparable, reference, replayed));
    done.push(summary(number, plan, steps, different));
  }
  return done;
}

async function differing(
  tables: readonly ReplayTable[],
  reference: Connection,
  replayed: Connection,
): Promise<TableVerification[]> {
  const found: TableVerification[] = [];
  for (const table of tables) {
    const compared = await compareWithReplay(table, reference, replayed);
    const about = { name: table.name, kind: table.kind, selected: true, recordsBehind: 0 };
    if (compared.status === 'different') found.push({ ...about, ...compared });
  }
  return found;
}

/** One replay by a plan, from an empty scratch warehouse to the end of the plan's deliveries. */
class ChaosReplay {
  readonly #scratch: ScratchEdition;
  readonly #work: ReplayOptions;
  readonly #plan: ChaosPlan;
  readonly #checkpoint: readonly CheckpointEntry[];
  readonly #done: ChaosStep[] = [];
  /** The compaction that was begun last. */
  #compacting: Promise<unknown> = Promise.resolve();

  constructor(scratch: ScratchEdition, work: ReplayOptions, plan: ChaosPlan, checkpoint: readonly CheckpointEntry[]) {
    this.#scratch = scratch;
    this.#work = work;
    this.#plan = plan;
    this.#checkpoint = checkpoint;
  }

  get #edition(): Edition {
    return this.#scratch.edition;
  }

  /** Gives the steps that were taken. */
  async run(): Promise<readonly ChaosStep[]> {
    const entries = this.#checkpoint.map((one) => ({ ...one, nextOffset: 0, firstOffset: 0, leaderEpoch: null }));
    await this.#edition.write((connection) => addPartitions(connection, entries));
    while (!(await this.#untilRestart())) {
      await this.#compacting;
      await this.#scratch.reopen();
    }
    await this.#compacting;
    await this.#edition.rebuildFolded();
    await this.#edition.compaction.run(false);
    return this.#done;
  }

  /** Applies batches up to the next restart; true when all is applied. */
  async #untilRestart(): Promise<boolean> {
    const { log, catalog, signal } = this.#work;
    const from = positionsOf(await this.#edition.checkpoint());
    await using reader = new ChaosReader(log, this.#plan.deliveries, from, signal);
    const collector = new BatchCollector(reader, catalog, from, []);
    const ends = this.#ends();
    while (!collector.reached(ends)) {
      signal.throwIfAborted();
      const step = this.#plan.steps[this.#done.length] ?? { records: Infinity, bulk: false, after: 'go on' };
      const bounds = { maxRecords: step.records, maxMilliseconds: Infinity };
      const batch = await collector.collect(bounds, () => !reader.ended && !signal.aborted);
      if (batch === null) {
        if (reader.ended) throw new LensError('INTERNAL', 'a replay ended before all of its records were applied');
        continue;
      }
      if (step.bulk) await this.#edition.applyBulk(batch);
      else {
        if (this.#edition.foldedBehind('catching-up').length > 0) await this.#edition.rebuildFolded();
        await this.#edition.applyFolding(batch);
      }
      this.#done.push(step);
      if (step.after === 'compact') await this.#compact();
      if (step.after === 'restart') return false;
    }
    return true;
  }

  /** Starts a compaction; beside the next batches where the service would. */
  async #compact(): Promise<void> {
    await this.#compacting;
    const { compaction } = this.#edition;
    const beside = compaction.besideBatches();
    this.#compacting = compaction.run(false);
    // Its failure is thrown where it is waited for.
    this.#compacting.catch(() => undefined);
    if (!beside) await this.#compacting;
  }

  /** Where each partition ends in the plan's offsets. */
  #ends(): { topic: string; partition: number; low: number; end: number }[] {
    return this.#checkpoint.map(({ topic, partition }) => {
      const own = this.#plan.deliveries.filter(
        (one) => one.topic === topic && one.partition === partition && one.again !== 'delivered',
      );
      return { topic, partition, low: 0, end: own.reduce((sum, one) => sum + one.to - one.from, 0) };
    });
  }
}

function summary(
  number: number,
  plan: ChaosPlan,
  steps: readonly ChaosStep[],
  tables: readonly TableVerification[],
): ReplayVerification {
  const records = (again: string): number =>
    plan.deliveries.reduce((sum, one) => sum + (one.again === again ? one.to - one.from : 0), 0);
  const times = (after: string): number => steps.filter((step) => step.after === after).length;
  return {
    number,
    status: tables.length > 0 ? 'different' : 'equal',
    batches: steps.length,
    bulkBatches: steps.filter(({ bulk }) => bulk).length,
    pieces: plan.deliveries.filter(({ again }) => again === 'no').length,
    appendedAgain: records('appended'),
    deliveredAgain: records('delivered'),
    restarts: times('restart'),
    compactions: times('compact'),
    tables,
    plan: tables.length > 0 ? planLines(plan) : null,
  };
}
