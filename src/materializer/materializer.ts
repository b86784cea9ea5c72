import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../core/errors.ts';
import type { PartitionOffsets } from '../log/event-log.ts';
import { readOnlyQuery, type ResultSink } from '../warehouse/read-only-query.ts';
import { consume, type Consumed } from './consume.ts';
import { hasNewPartitions } from './find-partitions.ts';
import { Edition } from './edition.ts';
import { modelFailed } from './model-failed.ts';
import { editionFiles, recoverSwap, removeEdition, requireHistory, swapEditions } from './full-refresh.ts';
import type {
  CompactionSummary,
  LagRow,
  QueryEnd,
  QueryOptions,
  RunOptions,
  RunSummary,
  WarehouseOperations,
  WarehouseStatus,
} from './operations.ts';
import type { TestOptions, TestSummary } from './node-results.ts';
import { runDataTests, testsOf } from './run-data-tests.ts';
import { CheckpointPublisher, positions } from './checkpoint-publisher.ts';
import { Compactor } from './compactor.ts';
import { LiveEdition } from './live-edition.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import { runResults } from './run-results.ts';
import { appliedRecords, lagRows, modelStatuses, warehouseStatus } from './status.ts';
import { Turns } from './turns.ts';
import { type Verification, type VerifyOptions, verifyWarehouse } from './verify.ts';
import type { WhyAnswer, WhyQuestion } from './why-contract.ts';
import { why } from './why.ts';

/**
 * Keeps one project's warehouse equal to its models over the log: follows the log, compacts, refreshes, answers. One
 * per data directory; its methods may be called at any time, also while it follows.
 */
export class Materializer implements WarehouseOperations, AsyncDisposable {
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  readonly #publisher: CheckpointPublisher;
  /** Work on the edition's writing connection. */
  readonly #turns = new Turns();
  readonly #compactor: Compactor;
  #following: { restart: AbortController; ended: Promise<void> } | null = null;
  #followFailure: unknown = null;
  #held: Promise<unknown> = Promise.resolve();

  private constructor(options: MaterializerOptions, edition: Edition) {
    this.#options = options;
    this.#live = new LiveEdition(edition);
    this.#publisher = new CheckpointPublisher(options, this.#live);
    this.#compactor = new Compactor(options, this.#live, this.#turns);
  }

  get #edition(): Edition {
    return this.#live.edition;
  }

  /**
   * Opens or creates the warehouse of a data directory and makes its relations those of the project; does not touch the
   * log. Throws WAREHOUSE_* errors, MODEL_SQL_INVALID, PROJECT_INVALID.
   */
  static async open(options: MaterializerOptions): Promise<Materializer> {
    mkdirSync(options.dataDir, { recursive: true });
    const files = editionFiles(options.dataDir);
    if (recoverSwap(options.dataDir)) {
      options.onEvent({ kind: 'notice', message: 'finished the swap of a full refresh that had been interrupted' });
    }
    const edition = await Edition.open(files.live, options);
    const materializer = new Materializer(options, edition);
    for (const message of edition.notices) options.onEvent({ kind: 'notice', message });
    return materializer;
  }

  /** Applies the log as it grows and compacts on the interval, until aborted; ends right after a commit. */
  async follow(signal: AbortSignal): Promise<void> {
    if (this.#following !== null) throw new LensError('INTERNAL', 'the warehouse is being followed already');
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const compacting = this.#compactor
      .onInterval(either, async () => {
        if (await hasNewPartitions(this.#options, this.#live, either)) this.#following?.restart.abort();
      })
      .catch((error: unknown) => failed.abort(error));
    try {
      while (!either.aborted) {
        await this.#held;
        const restart = new AbortController();
        const ended = this.#consume(this.#edition, { signal: AbortSignal.any([either, restart.signal]) }).then(
          () => undefined,
        );
        this.#following = { restart, ended: ended.catch(() => undefined) };
        await ended;
      }
      if (failed.signal.aborted) throw failed.signal.reason;
      await this.#publisher.publishNow();
    } catch (error) {
      this.#followFailure = error;
      failed.abort(error);
      throw error;
    } finally {
      this.#following = null;
      await compacting;
    }
  }

  async status(): Promise<WarehouseStatus> {
    const { project, log } = this.#options;
    return this.#live.read((connection) =>
      warehouseStatus(connection, this.#edition, project, log, this.#topicNames()),
    );
  }

  async lag(): Promise<LagRow[]> {
    const { log, group } = this.#options;
    const ends = await log.offsets(this.#topicNames());
    return lagRows(group, ends, await this.#live.read(positions));
  }

  streamQuery(sql: string, options: QueryOptions, sink: ResultSink): Promise<QueryEnd> {
    const { maxRows = 10_000, timeoutMs = 60_000 } = options;
    return this.#live.read((connection, _edition, leave) => {
      const signal = options.signal === undefined ? leave : AbortSignal.any([leave, options.signal]);
      return readOnlyQuery(connection, sql, { maxRows, timeoutMs, signal }, sink);
    });
  }

  verify(options: VerifyOptions): Promise<Verification> {
    return this.#live.read((connection, { plans, tables }, leave) =>
      verifyWarehouse(connection, { ...this.#options, plans, tables }, options, leave),
    );
  }

  test(options: TestOptions): Promise<TestSummary> {
    const { project, log } = this.#options;
    const tests = testsOf(project, options);
    return this.#live.read((_, { warehouse }, leave) => {
      const run = { project, log, topics: this.#topicNames(), tests, connect: () => warehouse.connect() };
      return runDataTests(run, options, leave);
    });
  }

  why(question: WhyQuestion): Promise<WhyAnswer> {
    return this.#live.read((connection, _, leave) => {
      const signal = question.signal === undefined ? leave : AbortSignal.any([leave, question.signal]);
      return why(connection, this.#options, { ...question, signal });
    });
  }

  /** A whole result, for those known to be small. */
  async query(sql: string, options: QueryOptions = {}): Promise<{ rows: (readonly unknown[])[] }> {
    const rows: (readonly unknown[])[] = [];
    await this.streamQuery(sql, options, { columns: () => {}, rows: (piece) => void rows.push(...piece) });
    return { rows };
  }

  compact({ full }: { full: boolean }): Promise<CompactionSummary> {
    return this.#compactor.compact(full);
  }

  async run(options: RunOptions): Promise<RunSummary> {
    const started = performance.now();
    const { project } = this.#options;
    const selected = options.models?.map((name) => project.model(name)) ?? project.models;
    const signal = options.signal ?? new AbortController().signal;
    const consumed = options.fullRefresh
      ? await this.#fullRefresh(options.allowDataLoss ?? false, signal)
      : await this.catchUp(signal);
    if (!signal.aborted) await this.compact({ full: false });
    const models = await this.#live.read((connection) => modelStatuses(connection, this.#edition.plans, project));
    return {
      ...consumed,
      milliseconds: performance.now() - started,
      models: runResults(selected, models),
      interrupted: signal.aborted,
    };
  }

  /**
   * Applies the log up to the end offsets it has now; whoever follows it already does the work, if there is one. Ends at
   * a commit before that when the signal is aborted.
   */
  async catchUp(signal = new AbortController().signal): Promise<Consumed> {
    const ends = await this.#options.log.offsets(this.#topicNames());
    if (this.#following === null) {
      const consumed = await this.#consume(this.#edition, { signal, until: ends });
      await this.#publisher.publishNow();
      return consumed;
    }
    const before = await this.#live.read(appliedRecords);
    while (!signal.aborted && !(await this.#reached(ends))) {
      if (this.#followFailure !== null) throw this.#followFailure;
      await sleep(20);
    }
    const after = await this.#live.read(appliedRecords);
    return { batches: 0, records: after.records - before.records, deadLetters: after.deadLetters - before.deadLetters };
  }

  #topicNames(): string[] {
    return this.#options.catalog.contracts.map((contract) => contract.name);
  }

  async #reached(ends: readonly PartitionOffsets[]): Promise<boolean> {
    const checkpoint = await this.#live.read(positions);
    return lagRows('', ends, checkpoint).every((row) => row.lag === 0);
  }

  /**
   * Replays the log from its earliest offsets into a fresh edition, and swaps when it has caught up. When a model fails
   * on the way, or the signal is aborted before the swap, the live edition stays and the new one is removed.
   */
  async #fullRefresh(allowDataLoss: boolean, signal: AbortSignal): Promise<Consumed> {
    const { dataDir, log } = this.#options;
    const files = editionFiles(dataDir);
    const topics = this.#topicNames();
    if (!allowDataLoss) await requireHistory(log, await this.#edition.checkpoint(), topics);
    removeEdition(files.next);
    const next = await Edition.open(files.next, this.#options);
    const consumed = { batches: 0, records: 0, deadLetters: 0 };
    const replay = async (): Promise<void> => {
      const until = await log.offsets(topics);
      const turns = new Turns();
      const part = await this.#consume(next, { signal, until, alwaysBulk: true }, turns);
      signal.throwIfAborted();
      consumed.batches += part.batches;
      consumed.records += part.records;
      consumed.deadLetters += part.deadLetters;
    };
    try {
      await replay();
      const swapWhenCaughtUp = async (): Promise<void> => {
        // What came while the first replay ran: little, and readers still see the old edition.
        await replay();
        const { failed } = await next.compaction.run(true);
        const model = next.plans.find((plan) => next.foldedBehind('failed').includes(plan.model))?.model;
        if (failed[0] !== undefined) throw failed[0];
        if (model !== undefined) throw modelFailed(model, 'its SQL failed on the replayed data');
        await this.#swap(next);
      };
      await this.#compactor.without(() => this.#holdFollowing(swapWhenCaughtUp));
    } catch (error) {
      await next[Symbol.asyncDispose]();
      removeEdition(files.next);
      if (!signal.aborted || error !== signal.reason) throw error;
    }
    await this.#publisher.publishNow();
    return consumed;
  }

  /** Stops following for the time of the work, then lets it go on from the edition there is then. */
  async #holdFollowing(work: () => Promise<void>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#held = done.promise;
    try {
      this.#following?.restart.abort();
      await this.#following?.ended;
      await this.#turns.take(work);
    } finally {
      done.resolve();
    }
  }

  async #swap(next: Edition): Promise<void> {
    const started = performance.now();
    await next.writeFile();
    await next[Symbol.asyncDispose]();
    await this.#live.swap(() => {
      swapEditions(this.#options.dataDir);
      return Edition.open(editionFiles(this.#options.dataDir).live, this.#options);
    });
    this.#options.onEvent({ kind: 'swap', milliseconds: performance.now() - started });
  }

  #consume(
    edition: Edition,
    part: { signal: AbortSignal; until?: readonly PartitionOffsets[]; alwaysBulk?: boolean },
    turns = this.#turns,
  ): Promise<Consumed> {
    return consume(edition, {
      ...this.#options,
      ...part,
      exclusive: (work) => turns.take(work),
      onCommit: () => this.#publisher.committed(edition),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#publisher[Symbol.dispose]();
    await this.#live[Symbol.asyncDispose]();
  }
}
