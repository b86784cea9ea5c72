import type { LetterOperations } from './dead-letters/dead-letter-contract.ts';
import type { ResultSink } from '../warehouse/read-only-query.ts';
import type { NodeProgress, NodeResult, TestManner, TestOptions, TestSummary } from './nodes/node-results.ts';
import type { HookRequest, HookResults } from './hooks/hook-contract.ts';
import type { MacroCall, MacroDone } from './hooks/run-macro.ts';
import type { RunFacts } from '../project/run-moment.ts';
import type { EditionEntry } from './editions/editions.ts';
import type { LiveRecord, PreviousRecord } from './editions-file.ts';
import type { Refreshed, RefreshNews, RefreshSink } from './editions/refresh-contract.ts';
import type { ReplayRequest } from './editions/replay-named.ts';
import type { SeedOptions, SeedSummary } from './runs/seed-run.ts';
import type { SeedStatus } from './seeds/seed-tables.ts';
import type { Verification, VerifyOptions } from './verification/verification.ts';
import type { Applied, ApplyRequest } from './editions/apply-contract.ts';
import type { ChangePlan } from './changes/change-plan.ts';
import type { PlanOptions } from './changes/change-planner.ts';
import type { ProjectSource } from './changes/next-project.ts';
import type { AnswerStatus } from './status/answer-status.ts';
import type { WhyAnswer, WhyQuestion } from './lineage/why-contract.ts';

/**
 * What a command asks of whoever holds the warehouse. The holder implements it over the materializer
 * (`materializer.ts`); while a service runs, `src/service/control-client.ts` implements it over the service's control port, so
 * that a command does the same in both cases instead of failing on DuckDB's file lock.
 */
export interface WarehouseOperations {
  status(): Promise<WarehouseStatus>;
  /** A row per partition, in the columns of kafka-consumer-groups.sh. */
  lag(): Promise<LagRow[]>;
  /**
   * One read-only SELECT, its rows handed over piece by piece and never whole in memory: dates and timestamps ISO 8601
   * in UTC, decimals as strings, bytes base64, integers as numbers up to 2^53 - 1, beyond as strings. QUERY_REFUSED for
   * anything else, QUERY_FAILED with DuckDB's message, also after some pieces.
   */
  streamQuery(sql: string, options: QueryOptions, sink: ResultSink): Promise<QueryEnd>;
  /** Compares tables with what their SELECTs or a replay of the log give, in one snapshot (verify.ts). */
  verify(options: VerifyOptions): Promise<Verification>;
  /** Runs the hooks of a kind that the project has, for a command (hooks/run-hooks.ts). */
  hooks(request: HookRequest): Promise<HookResults>;
  /** Calls a macro of a project as its folder is now (hooks/run-macro.ts). */
  operation(request: OperationRequest): Promise<MacroDone>;
  /** Runs data tests over the warehouse as it is, all in one snapshot (run-data-tests.ts). */
  test(options: TestOptions): Promise<TestSummary>;
  /** What would become of the warehouse with a project as its folder is now (change-planner.ts). */
  plan(request: PlanRequest): Promise<ChangePlan>;
  /** The records behind rows of a model, in one snapshot: ROW_NOT_FOUND when no row has the key. */
  why(question: WhyQuestion): Promise<WhyAnswer>;
  /** Has the warehouse kept by the project as its folder is now (apply-changes.ts). */
  apply(request: ApplyRequest): Promise<Applied>;
  /** Brings the models kept by compaction up to the checkpoint; `full` rebuilds them outright. */
  compact(options: { full: boolean }): Promise<CompactionSummary>;
  readonly letters: LetterOperations;
  /** Loads seeds from their files, with all that follows from them (seed-run.ts). */
  seed(options: SeedOptions): Promise<SeedSummary>;
  /** Catches up to the end offsets taken at its start and brings the selected models up to them. */
  run(options: RunOptions): Promise<RunSummary>;
  /** Returns to the edition before the live one, once it is caught up; null when the signal was aborted before. EDITION_UNKNOWN. */
  rollback(options: RollbackOptions): Promise<Refreshed | null>;
  /** Builds an edition as of an earlier point of the log, for reading only; null when the signal was aborted before. */
  replay(options: ReplayOptions): Promise<EditionEntry | null>;
  /** The live edition, the one before it, and those under a name. */
  editions(): Promise<EditionEntry[]>;
  /** Removes an edition that is not the live one. EDITION_UNKNOWN. */
  dropEdition(name: string): Promise<void>;
}

/** What only reads, so that it needs nothing to be brought up to date first. */
export type WarehouseReads = Pick<
  WarehouseOperations,
  'status' | 'lag' | 'streamQuery' | 'verify' | 'hooks' | 'operation' | 'test' | 'why' | 'plan' | 'editions'
>;

export interface OperationRequest extends MacroCall {
  readonly source: ProjectSource;
}

export interface PlanRequest extends PlanOptions {
  /** The project that the warehouse is to have. */
  readonly source: ProjectSource;
}

export interface QueryOptions {
  /** `previous`, or the name of an edition that was built for reading; the live one when missing. EDITION_UNKNOWN. */
  readonly edition?: string | undefined;
  /** At most so many rows come back; the end says when there were more. Default 10,000. */
  readonly maxRows?: number | undefined;
  /** Milliseconds DuckDB may work on it until it is interrupted. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Ends the query when nobody wants its rows any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface QueryEnd {
  readonly truncated: boolean;
}

export interface LagRow {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Null before anything of the partition was applied. */
  readonly currentOffset: number | null;
  readonly logEndOffset: number;
  readonly lag: number;
}

export type ModelState = 'current' | 'behind' | 'catching-up' | 'failed' | 'view';

export interface ModelStatus {
  readonly name: string;
  readonly materialized: string;
  /** `view`, `recompute keys` or `rebuild`. */
  readonly strategy: string;
  readonly upkeep: 'batch' | 'compaction' | 'view';
  readonly state: ModelState;
  /** Why the model is rebuilt and not kept incrementally, or why it failed. */
  readonly reason: string | null;
  /** Rows stored; null for views. */
  readonly rows: number | null;
  /** Records between the model's own checkpoint and the warehouse's. */
  readonly recordsBehind: number;
  /** When it last became equal to its checkpoint; ISO 8601. */
  readonly updatedAt: string | null;
}

/**
 * `failed`: a model's SQL failed on data, or a seed cannot be loaded and has no table; `catching-up`: records are landed in bulk, the models follow; `unknown`: the log
 * does not answer; `behind`: records are left to apply, or models kept by compaction to bring up; else `current`.
 */
export type WarehouseState = 'failed' | 'catching-up' | 'unknown' | 'behind' | 'current';

export interface WarehouseStatus {
  readonly project: string;
  readonly log: string;
  readonly warehouse: string;
  /** True when a running service answered. */
  readonly service: boolean;
  readonly state: WarehouseState;
  readonly recordsApplied: number;
  readonly deadLetters: number;
  /** Records between the checkpoint and the ends of the log; null when the log does not answer. */
  readonly lag: number | null;
  /** Why the log does not answer; otherwise null. */
  readonly logProblem: string | null;
  readonly checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[];
  readonly models: readonly ModelStatus[];
  readonly rawTables: readonly { readonly name: string; readonly topic: string; readonly rows: number }[];
  readonly seeds: readonly SeedStatus[];
  /** Rows that templates have asked for. */
  readonly answers: readonly AnswerStatus[];
  /** Models that cannot be built with the rows that templates have been answered, or (`faulty`) with any, with the reason. */
  readonly waiting: readonly { readonly name: string; readonly reason: string; readonly faulty: boolean }[];
  readonly lastCompaction: string | null;
  readonly editions: {
    readonly live: LiveRecord;
    /** What `lens rollback` returns to; null before the first refresh. */
    readonly previous: PreviousRecord | null;
    /** Those as of an earlier point of the log, for reading only. */
    readonly named: readonly string[];
  };
}

export interface CompactionSummary {
  readonly models: readonly {
    readonly name: string;
    readonly strategy: string;
    readonly rowsChanged: number;
    readonly rows: number;
  }[];
  readonly milliseconds: number;
  /** Of these, how long batches had to wait for it. */
  readonly heldMilliseconds: number;
  /** Models that are not at the checkpoint, since their SQL or that of a model they read failed. */
  readonly failed: readonly FailedModel[];
}

export interface FailedModel {
  readonly name: string;
  readonly message: string;
}

export interface RunOptions extends TestManner {
  /** What hooks of models see of the command. */
  readonly facts?: RunFacts | undefined;
  /** Names of models; all when missing. MODEL_UNKNOWN_REF for one that the holder's project does not have. */
  readonly models?: readonly string[] | undefined;
  /** Names of seeds whose results are wanted; none when missing, as in `lens run`: it loads changed ones at its start all the same. */
  readonly seeds?: readonly string[] | undefined;
  /** Unique ids of data tests to run when the models have been brought up; none when missing, as in `lens run`. */
  readonly tests?: readonly string[] | undefined;
  /** Unique ids of unit tests to run with them. */
  readonly unitTests?: readonly string[] | undefined;
  /** Replay from the earliest offset into a new edition, or rebuild the `models` in a copy; swap when caught up. */
  readonly fullRefresh?: boolean | undefined;
  /** With fullRefresh: go on although the log no longer holds the history. */
  readonly allowDataLoss?: boolean | undefined;
  /** With fullRefresh: swap without running the data tests on the new edition. */
  readonly skipTests?: boolean | undefined;
  /** What nodes have come to; with fullRefresh before that what it finds and how far it is. */
  readonly onProgress?: ((news: NodeProgress | RefreshNews) => void) | undefined;
  /** Ends the run at a commit before it is done. A service that follows the log goes on with that. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReplayOptions extends ReplayRequest {
  readonly signal?: AbortSignal | undefined;
}

export interface RollbackOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: RefreshSink | undefined;
}

export interface RunSummary {
  readonly records: number;
  readonly deadLetters: number;
  readonly batches: number;
  readonly milliseconds: number;
  /** The selected models. */
  readonly models: readonly RunModelResult[];
  /** What was run, in order: the seeds, and the same models but ephemeral ones, with the tests between them. */
  readonly results: readonly NodeResult[];
  /** True when the signal ended it before it was done. */
  readonly interrupted: boolean;
  /** The full refresh, if it was one and took over. */
  readonly refreshed: Refreshed | null;
}

/** Of a run that caught nothing up: its nodes were skipped, or it was ended before. */
export const NOTHING_RUN: RunSummary = {
  records: 0,
  deadLetters: 0,
  batches: 0,
  milliseconds: 0,
  models: [],
  results: [],
  interrupted: false,
  refreshed: null,
};

export interface RunModelResult {
  readonly name: string;
  readonly status: 'success' | 'error' | 'skipped';
  readonly message: string | null;
  readonly rows: number | null;
}
