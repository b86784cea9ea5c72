import { existsSync } from 'node:fs';
import type { Connection } from '../warehouse/connection.ts';
import { readOnlyQuery, type ResultSink } from '../warehouse/read-only-query.ts';
import { faultyModels, tellFaulty } from './answered-project.ts';
import { AnswerKeeper } from './answer-keeper.ts';
import { CheckpointPublisher, positions } from './checkpoint-publisher.ts';
import { Compactor } from './compactor.ts';
import type { Consumed } from './consume.ts';
import { Edition } from './edition.ts';
import { finishSwap } from './editions/edition-swap.ts';
import { dropEdition, type EditionEntry, editionFile, listEditions } from './editions/editions.ts';
import { beginEditions, liveFile } from './editions-file.ts';
import type { HookRequest, HookResults } from './hooks/hook-contract.ts';
import { LiveHooks } from './hooks/live-hooks.ts';
import type { MacroDone } from './hooks/run-macro.ts';
import { OWN_RUN } from './hooks/run-hooks.ts';
import { Follower } from './follower.ts';
import { LetterWork } from './dead-letters/letter-work.ts';
import { LiveEdition } from './live-edition.ts';
import { loadChangedSeeds } from './seeds/load-seeds.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import { removeUnnamed } from './editions/next-edition.ts';
import type {
  CompactionSummary,
  LagRow,
  OperationRequest,
  PlanRequest,
  QueryEnd,
  QueryOptions,
  ReplayOptions,
  RollbackOptions,
  RunOptions,
  RunSummary,
  WarehouseOperations,
  WarehouseStatus,
} from './operations.ts';
import type { TestOptions, TestSummary } from './nodes/node-results.ts';
import type { Refreshed } from './editions/refresh-contract.ts';
import { Refresher } from './editions/refresher.ts';
import { found, runDataTests, storesFailures, testRunOf, testsOf } from './nodes/run-data-tests.ts';
import { either, unlessAborted } from './editions/unless-aborted.ts';
import { applyChanges } from './editions/apply-changes.ts';
import type { Applied, ApplyRequest } from './editions/apply-contract.ts';
import type { ChangePlan } from './changes/change-plan.ts';
import { planChanges } from './changes/change-planner.ts';
import { readProject } from './changes/next-project.ts';
import { type NodeRun, nodesOf } from './runs/run-nodes.ts';
import { RunRecord } from './runs/run-record.ts';
import { runResults } from './runs/run-results.ts';
import { lagRows, modelStatuses, warehouseStatus } from './status/status.ts';
import { bringUpSeeds, brokenAbove, runSeeds, type SeedOptions, type SeedSummary } from './runs/seed-run.ts';
import { Turns } from './turns.ts';
import { type Verification, type VerifyOptions, verifyWarehouse } from './verification/verify.ts';
import type { WhyAnswer, WhyQuestion } from './lineage/why-contract.ts';
import { why } from './lineage/why.ts';
import { topicNames } from '../topics/catalog.ts';
import { makeFolder } from '../core/make-folder.ts';

/**
 * Keeps one project's warehouse equal to its models over the log: follows the log, compacts, refreshes, answers. One
 * per data directory; its methods may be called at any time, also while it follows.
 */
export class Materializer implements WarehouseOperations, AsyncDisposable {
  readonly letters: LetterWork;
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  readonly #publisher: CheckpointPublisher;
  /** Work on the edition's writing connection. */
  readonly #turns = new Turns();
  readonly #compactor: Compactor;
  readonly #follower: Follower;
  readonly #refresher: Refresher;
  readonly #answers: AnswerKeeper;
  readonly #hooks: LiveHooks;
  #ran = false;

  private constructor(options: MaterializerOptions, edition: Edition) {
    this.#options = options;
    this.#live = new LiveEdition(edition);
    this.#publisher = new CheckpointPublisher(options, this.#live);
    this.#hooks = new LiveHooks(this.#live, this.#turns, options.onEvent);
    this.#compactor = new Compactor(options, this.#live, this.#turns, this.#hooks);
    this.letters = new LetterWork(options, this.#live, this.#turns);
    this.#follower = new Follower(options, this.#live, this.#turns, this.#compactor, this.#publisher, this.#hooks);
    const { letters } = this;
    this.#refresher = new Refresher(options, this.#live, this.#compactor, this.#follower, this.#publisher, letters);
    this.#answers = new AnswerKeeper(options, {
      live: this.#live,
      writing: this.#turns,
      compactor: this.#compactor,
      follower: this.#follower,
      refresher: this.#refresher,
    });
  }

  get #edition(): Edition {
    return this.#live.edition;
  }

  /**
   * Opens or creates the warehouse of a data directory and makes its relations those of the project; does not touch the
   * log. Throws WAREHOUSE_* errors, MODEL_SQL_INVALID, PROJECT_INVALID.
   */
  static async open(options: MaterializerOptions): Promise<Materializer> {
    const { dataDir } = options;
    makeFolder(dataDir);
    if (await finishSwap(dataDir, options.warehouse)) {
      options.onEvent({ kind: 'notice', message: 'finished the swap of a full refresh that had been interrupted' });
    }
    const fresh = !existsSync(liveFile(dataDir));
    const edition = await Edition.open(liveFile(dataDir), { ...options, ownAnswers: true });
    if (fresh) await beginEditions(dataDir);
    await removeUnnamed(dataDir);
    const materializer = new Materializer(options, edition);
    const changed = options.asItIs === true ? null : await loadChangedSeeds(edition);
    tellFaulty(edition.whole, options.onEvent);
    for (const message of edition.notices) options.onEvent({ kind: 'notice', message });
    for (const [seed, message] of [...edition.seedNotices, ...(changed?.loaded ?? [])])
      options.onEvent({ kind: 'seed-loaded', seed, message });
    for (const message of changed?.notices ?? []) options.onEvent({ kind: 'notice', message });
    return materializer;
  }

  /** Applies the log as it grows and compacts on the interval, until aborted; ends right after a commit. */
  async follow(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const watching = this.#answers.watch(AbortSignal.any([signal, ended.signal]));
    await this.#follower.follow(signal).finally(() => ended.abort());
    await watching;
  }

  async status(): Promise<WarehouseStatus> {
    return this.#live.read((connection, edition) =>
      warehouseStatus(connection, edition, edition.project, this.#options.log, topicNames(this.#edition.catalog)),
    );
  }

  async lag(): Promise<LagRow[]> {
    const { log, group } = this.#options;
    return lagRows(group, await log.offsets(topicNames(this.#edition.catalog)), await this.#live.read(positions));
  }

  async streamQuery(sql: string, options: QueryOptions, sink: ResultSink): Promise<QueryEnd> {
    const { maxRows = 10_000, timeoutMs = 60_000, edition = 'live' } = options;
    const query = (connection: Connection, leave: AbortSignal): Promise<QueryEnd> => {
      const signal = either(leave, options.signal);
      return readOnlyQuery(connection, sql, { maxRows, timeoutMs, signal }, sink);
    };
    const { dataDir, warehouse } = this.#options;
    const other = (): string | null => editionFile(dataDir, edition);
    if (other() !== null) return this.#live.readOther(other, warehouse, query);
    return this.#live.read((connection, _, leave) => query(connection, leave));
  }

  editions(): Promise<EditionEntry[]> {
    return this.#live.read((connection) => listEditions(this.#options.dataDir, connection));
  }

  async dropEdition(name: string): Promise<void> {
    await this.#refresher.without(() => dropEdition(this.#options.dataDir, name));
  }

  async rollback({
    signal = new AbortController().signal,
    onProgress: tell,
  }: RollbackOptions): Promise<Refreshed | null> {
    const returned = await unlessAborted(signal, this.#refresher.rollback({ signal, tell }));
    await this.#hooks.due();
    return returned;
  }

  async replay({ signal = new AbortController().signal, ...request }: ReplayOptions): Promise<EditionEntry | null> {
    return unlessAborted(signal, this.#refresher.replay({ ...request, signal }));
  }

  verify(options: VerifyOptions): Promise<Verification> {
    return this.#live.readAsPlanned((connection, { project, catalog, plans, tables, seeds }, leave, begun) =>
      verifyWarehouse(connection, { ...this.#options, project, catalog, plans, tables, seeds }, options, leave, begun),
    );
  }

  async test(options: TestOptions): Promise<TestSummary> {
    const { log } = this.#options;
    const stores = storesFailures(testsOf(this.#edition.whole, options.tests), options);
    return this.#live[stores ? 'readAndWrite' : 'read']((_, edition, leave) =>
      runDataTests(testRunOf(edition, edition.whole, log), options, leave),
    );
  }

  why(question: WhyQuestion): Promise<WhyAnswer> {
    return this.#live.read((connection, { project, catalog, tables, seeds }, leave) => {
      const signal = either(leave, question.signal);
      const sources = { ...this.#options, project, catalog, inputs: { tables, seeds } };
      return why(connection, sources, { ...question, signal });
    });
  }

  async plan({ source, ...options }: PlanRequest): Promise<ChangePlan> {
    return await this.#live.read(async (connection, _, leave) => {
      const next = await readProject(source, connection);
      const signal = either(leave, options.signal);
      return planChanges(connection, next, { ...options, signal });
    });
  }

  async apply(request: ApplyRequest): Promise<Applied> {
    const parts = { ...this.#options, live: this.#live, refresher: this.#refresher };
    const applied = await applyChanges(parts, request);
    await this.#hooks.due();
    return applied;
  }

  /** A whole result, for those known to be small. */
  async query(sql: string, options: QueryOptions = {}): Promise<{ rows: (readonly unknown[])[] }> {
    const rows: (readonly unknown[])[] = [];
    await this.streamQuery(sql, options, { columns: () => {}, rows: (piece) => void rows.push(...piece) });
    return { rows };
  }

  hooks(request: HookRequest): Promise<HookResults> {
    return this.#hooks.operations(request);
  }

  async operation({ source, ...call }: OperationRequest): Promise<MacroDone> {
    const { project } = await this.#live.read((connection) => readProject(source, connection));
    return await this.#hooks.macro(project, call);
  }

  async seed(options: SeedOptions): Promise<SeedSummary> {
    const summary = await runSeeds(this.#live, this.#turns, this.#hooks, options, this.#isOpenedForIt());
    await this.#hooks.due(options.facts);
    return summary;
  }

  async compact({ full }: { full: boolean }): Promise<CompactionSummary> {
    const compacted = await this.#compact(full);
    await this.#hooks.due();
    return { ...compacted, failed: [...compacted.failed, ...faultyModels(this.#edition.whole)] };
  }

  async #compact(full: boolean): Promise<CompactionSummary> {
    const compacted = await this.#compactor.compact(full);
    await this.#answers.bringUp();
    return compacted;
  }

  async run(options: RunOptions): Promise<RunSummary> {
    const started = performance.now();
    const { facts = OWN_RUN } = options;
    const { models, tests } = nodesOf(this.#edition.whole, options);
    options.onProgress?.(found(this.#edition.whole));
    const signal = options.signal ?? new AbortController().signal;
    const opened = this.#isOpenedForIt();
    const record = await RunRecord.begin(this.#live, this.#turns, opened);
    const lacking = brokenAbove(this.#edition, [...models, ...tests]);
    const seedsAsked = { seeds: [...(options.seeds ?? []), ...lacking], fullRefresh: options.fullRefresh, facts };
    const seeds = await bringUpSeeds(this.#live, this.#turns, this.#hooks, seedsAsked, opened);
    const refreshed = options.fullRefresh === true ? await this.#refresher.fullRefresh(options, signal) : null;
    const consumed =
      options.fullRefresh === true
        ? { batches: 0, records: refreshed?.records ?? 0, deadLetters: 0 }
        : await this.catchUp(signal);
    // After a swap there has been one.
    if (!signal.aborted) await (refreshed === null ? this.#compact(false) : this.#answers.bringUp());
    // others than at the beginning, where templates have been answered anew
    const nodes = nodesOf(this.#edition.whole, options);
    const statuses = await this.#live.read((reading, { plans, project }) => modelStatuses(reading, plans, project));
    const hooksOf: NodeRun['hooksOf'] = (model) => this.#hooks.ofNode(model, facts);
    const ran = { statuses, seeds, ...nodes, hooksOf };
    const results = signal.aborted ? [] : await record.results(ran, { ...options, signal });
    // Of models that were made as a whole and are no nodes of this run.
    await this.#hooks.due(facts);
    return {
      ...consumed,
      milliseconds: performance.now() - started,
      models: runResults(nodes.models, statuses, this.#edition.project),
      results,
      interrupted: signal.aborted,
      refreshed,
    };
  }

  /** Of the first work of a process that does nothing else. */
  #isOpenedForIt(): boolean {
    const opened = !this.#follower.isFollowing && !this.#ran;
    this.#ran = true;
    return opened;
  }

  /** As {@link Follower.catchUp}. */
  catchUp(signal?: AbortSignal): Promise<Consumed> {
    return this.#follower.catchUp(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#refresher[Symbol.asyncDispose]();
    this.#publisher[Symbol.dispose]();
    await this.#live[Symbol.asyncDispose]();
  }
}
