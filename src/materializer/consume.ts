import { LensError } from '../core/errors.ts';
import type { LogReading, PartitionOffsets } from '../log/event-log.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { Batch } from './batch.ts';
import { findPartitions } from './find-partitions.ts';
import { BatchCollector } from './batch-collector.ts';
import { positionsOf } from './checkpoint.ts';
import type { Edition } from './edition.ts';
import type { EventSink } from './events.ts';
import { LogWithoutHeld } from './gates/held-records.ts';
import { tellFailures } from './models/model-failed.ts';

export interface ConsumeOptions {
  readonly log: LogReading;
  readonly catalog: TopicCatalog;
  readonly batch: { readonly maxRecords: number; readonly maxMilliseconds: number };
  readonly bulk: { readonly lagRecords: number };
  /** Stop when these ends are reached; without them only `signal` ends it. */
  readonly until?: readonly PartitionOffsets[] | undefined;
  readonly signal: AbortSignal;
  /** Never fold: land in bulk and rebuild at the end (a full refresh). */
  readonly alwaysBulk?: boolean;
  readonly onEvent: EventSink;
  /** Runs work on the edition's one writing connection when nobody else does. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** After each commit, with the edition's new checkpoint in the warehouse. */
  readonly onCommit?: (batch: Batch) => void;
  /** After models have been rebuilt. */
  readonly onRebuilt?: () => Promise<void>;
}

export interface Consumed {
  readonly batches: number;
  readonly records: number;
  readonly deadLetters: number;
}

/** Bulk landing is worth its rebuild only when the backlog is at least this part of what has landed already. */
const BULK_SHARE_OF_LANDED = 0.1;

/**
 * Reads on from the edition's checkpoint and applies batch after batch until the ends are reached or the signal says
 * stop; always ends right after a commit. While one batch's transaction runs, the next is read and decoded.
 *
 * Far behind, it only lands (bulk) and rebuilds every model once when caught up: several times cheaper than folding.
 */
export async function consume(edition: Edition, options: ConsumeOptions): Promise<Consumed> {
  const offsets = await findPartitions(edition, options);
  const from = positionsOf(await edition.checkpoint());
  if (from.length === 0) {
    // A project without topics: nothing will ever come, but whoever follows wants to be told when to stop.
    if (options.until === undefined) await aborted(options.signal);
    return { batches: 0, records: 0, deadLetters: 0 };
  }
  const landed = await edition.landedRows();
  const log = new LogWithoutHeld(options.log, await edition.gates.heldOffsets());
  await using reader = await log.read(from, { signal: options.signal });
  const collector = new BatchCollector(reader, options.catalog, from, offsets, edition.gates.batch.any);
  const run = new ConsumeRun(edition, options, collector, landed);
  await run.finish();
  return run.consumed;
}

class ConsumeRun {
  readonly consumed = { batches: 0, records: 0, deadLetters: 0 };
  readonly #edition: Edition;
  readonly #options: ConsumeOptions;
  readonly #collector: BatchCollector;
  #landed: number;
  #bulk = false;
  #applying: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(edition: Edition, options: ConsumeOptions, collector: BatchCollector, landed: number) {
    this.#edition = edition;
    this.#options = options;
    this.#collector = collector;
    this.#landed = landed;
  }

  async finish(): Promise<void> {
    const { until, signal, alwaysBulk, batch: bounds } = this.#options;
    this.#chooseMode();
    if (!this.#bulk) await this.#rebuildFolded('folded models were behind at start');
    while (!signal.aborted && !(until !== undefined && this.#collector.reached(until))) {
      const factor = this.#bulk ? this.#edition.budget.bulkBatchFactor : 1;
      const allowed = {
        maxRecords: Math.round(bounds.maxRecords * factor),
        maxMilliseconds: bounds.maxMilliseconds * factor,
      };
      const batch = await this.#collector.collect(allowed, () => this.#applying !== null);
      await this.#settled();
      if (batch !== null) this.#start(batch);
      else if (this.#bulk && alwaysBulk !== true) await this.#leaveBulk();
    }
    await this.#settled();
    if (this.#bulk && !signal.aborted) await this.#leaveBulk();
  }

  /** Waits for the transaction under way and throws what it threw. */
  async #settled(): Promise<void> {
    await this.#applying;
    if (this.#failure !== null) throw this.#failure;
  }

  #start(batch: Batch): void {
    this.#applying = this.#apply(batch)
      .catch((error: unknown) => {
        this.#failure = error ?? new LensError('INTERNAL', 'a batch failed without a reason');
      })
      .finally(() => {
        this.#applying = null;
      });
  }

  async #apply(batch: Batch): Promise<void> {
    const { onEvent, onCommit, exclusive, alwaysBulk, batch: bounds } = this.#options;
    this.#chooseMode(batch.lag);
    const bulk = this.#bulk;
    const started = performance.now();
    const applied = await exclusive(() => (bulk ? this.#edition.applyBulk(batch) : this.#edition.applyFolding(batch)));
    this.#landed += batch.records;
    this.consumed.batches++;
    this.consumed.records += batch.records;
    this.consumed.deadLetters += applied.deadLetters;
    onCommit?.(batch);
    tellFailures(applied.failed, onEvent);
    for (const message of applied.notices) onEvent({ kind: 'notice', severity: 'warning', message });
    if (batch.records > 0) {
      onEvent({
        kind: 'batch',
        mode: bulk ? 'bulk' : 'fold',
        records: batch.records,
        deadLetters: applied.deadLetters,
        rowsChanged: applied.rowsChanged,
        milliseconds: performance.now() - started,
        lag: batch.lag,
        topics: batch.topics.map(({ contract, records }) => ({ topic: contract.name, records })),
      });
    }
    if (applied.rebuildReason !== undefined) await this.#rebuildFolded(applied.rebuildReason);
    if (!bulk) await exclusive(() => this.#edition.writeFileWhenDue());
    const caughtUp = batch.lag <= bounds.maxRecords / 10;
    if (bulk && caughtUp && alwaysBulk !== true) await this.#leaveBulk();
  }

  #chooseMode(lag = this.#collector.lag): void {
    // A folded model whose gate is to be asked has to be folded.
    if (!this.#edition.gates.batch.rawOnly) return;
    if (this.#options.alwaysBulk === true) this.#bulk = true;
    const worthIt = Math.max(this.#options.bulk.lagRecords, this.#landed * BULK_SHARE_OF_LANDED);
    if (!this.#bulk && lag > worthIt) this.#bulk = true;
  }

  async #leaveBulk(): Promise<void> {
    this.#bulk = false;
    await this.#rebuildFolded('caught up in bulk');
  }

  async #rebuildFolded(reason: string): Promise<void> {
    const started = performance.now();
    const { models, failed } = await this.#options.exclusive(() => this.#edition.rebuildFolded());
    tellFailures(failed, this.#options.onEvent);
    if (models.length === 0) return;
    this.#options.onEvent({ kind: 'rebuild', models, reason, milliseconds: performance.now() - started });
    await this.#options.onRebuilt?.();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
