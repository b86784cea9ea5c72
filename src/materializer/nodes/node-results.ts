import type { Said } from '../../project/hook-renderer.ts';

/**
 * What running the nodes of a project gives: models, data tests, seeds. In dbt's words, as they stand in `run_results.json`
 * (schema v6) and on its console; goes over the service's control port as JSON.
 */
export type NodeStatus = 'success' | 'pass' | 'warn' | 'fail' | 'error' | 'skipped';

/** A node before it is run. */
export interface NodeStart {
  readonly uniqueId: string;
  readonly resourceType: 'model' | 'test' | 'seed' | 'unit_test' | 'operation';
  readonly name: string;
  /** As lines name it after START: `test not_null_x`, `table model main.x`. */
  readonly description: string;
  /** The file it is declared in, relative to the project's folder. */
  readonly path: string;
}

export interface NodeResult extends NodeStart {
  readonly status: NodeStatus;
  /** Null when there is nothing to say. */
  readonly message: string | null;
  /** Of a test: what its `fail_calc` counted; null for everything else. */
  readonly failures: number | null;
  /** What it took, in seconds; of a model all its upkeep since the command began. */
  readonly seconds: number;
  /** Rows out plus rows in of a model; null when not known, as when it was rebuilt, and for everything else. */
  readonly rowsChanged: number | null;
  /** ISO 8601; equal for a node that was not run. */
  readonly startedAt: string;
  readonly completedAt: string;
  readonly adapterResponse: Readonly<Record<string, unknown>>;
  /** Null when it could not be rendered, or was not run. */
  readonly compiledCode: string | null;
  /** Where dbt puts that, below `target/compiled`. */
  readonly compiledPath: string | null;
  /** The relation it is stored in, with its database, quoted; null for a test that does not store its failures. */
  readonly relationName: string | null;
  /** Streaming: what is to be known of the rows it saw, as a model that stands at an older checkpoint. */
  readonly remarks: readonly string[];
}

/** How far a command is. */
export type NodeProgress =
  /** What the project holds. */
  | { readonly kind: 'begin'; readonly found: readonly { readonly kind: string; readonly count: number }[] }
  /** What a hook's template said with log() or print(), and what of it was left out. */
  | ({ readonly kind: 'said' } & Said)
  | { readonly kind: 'start'; readonly index: number; readonly total: number; readonly node: NodeStart }
  | { readonly kind: 'result'; readonly index: number; readonly total: number; readonly result: NodeResult };

export interface TestOptions extends TestManner {
  /** Unique ids; all when missing. USAGE for one that the holder's project does not have. */
  readonly tests?: readonly string[] | undefined;
  /** Ends it before it is done. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: NodeProgress) => void) | undefined;
}

/** How data tests are run. */
export interface TestManner {
  /** Stores failing rows as if each test said `store_failures: true`, unless it says false. */
  readonly storeFailures?: boolean | undefined;
  /** After the first test that fails, the others are skipped. */
  readonly failFast?: boolean | undefined;
  /** A test that would warn fails. */
  readonly warnError?: boolean | undefined;
}

export interface TestSummary {
  readonly results: readonly NodeResult[];
  readonly milliseconds: number;
  /** True when the signal ended it before it was done. */
  readonly interrupted: boolean;
  /** Records between the checkpoint that was tested and the ends of the log; null when the log does not answer. */
  readonly lag: number | null;
  /** Why the log does not answer; otherwise null. */
  readonly logProblem: string | null;
}
