import type { Answers } from './questions.ts';
import type { Dependencies, Relation, RelationNaming } from './project-contract.ts';

// Data tests; part of the contract in project-contract.ts.

export interface DataTest {
  readonly name: string;
  /** `test.PROJECT.NAME`, with a short hash at the end for a generic test. */
  readonly uniqueId: string;
  readonly packageName: string;
  readonly kind: 'generic' | 'singular';
  /** The file it is declared in, relative to the project's folder. */
  readonly path: string;
  /** `file:line` of its declaration. */
  readonly place: string;
  /** Project, folders, name. */
  readonly fqn: readonly string[];
  /** The generic test that it calls (`unique`); null for a singular test. */
  readonly testName: string | null;
  /** The package before it: `dbt_utils` of `dbt_utils.accepted_range`. */
  readonly testPackage: string | null;
  /** Arguments of a generic test as the yml file has them, `column_name` among them, `model` not. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly description: string;
  /** Unique ids of the docs blocks in it. */
  readonly docBlocks: readonly string[];
  /** The file as it is, or the call that dbt makes of a generic test. */
  readonly rawSql: string;
  /** Place in the yml file that describes a singular test; null when none does. */
  readonly describedAt: string | null;
  readonly severity: 'error' | 'warn';
  /** The relation a generic test is attached to; null for a singular test. */
  readonly target: Relation | null;
  readonly columnName: string | null;
  readonly tags: readonly string[];
  readonly dependsOn: Dependencies;
  readonly config: DataTestConfig;
  /** All of its configuration; keys are dbt's own. */
  readonly fullConfig: Readonly<Record<string, unknown>>;
  /** As it is written, nothing rendered, each key by the most specific level that has it: dbt's `unrendered_config`. */
  readonly writtenConfig: Readonly<Record<string, unknown>>;
  /** Where it stores its failing rows when it does. */
  failuresTable(): FailuresTable;
  /** Where dbt puts its compiled SQL, below `target/compiled`. */
  readonly compiledPath: string;
  /**
   * Why its SQL cannot be rendered, though its template could be parsed, as when it raises an error of its own: wherever it is run it
   * is an error. Null for all others.
   */
  readonly problem: string | null;
  /**
   * A SELECT that returns the failing rows (`where` applied, `limit` not). Throws where there is a {@link problem}.
   *
   * @param storing whether they are stored, which some tests select more columns for; as configured when missing
   * @param answers to what a test that follows from the clock asks now, which is another question than when the project was read: then
   *   it throws a PendingQuestion that has none. MODEL_RENDER_FAILED without
   */
  sql(naming: RelationNaming, storing?: boolean, answers?: Answers): string;
  /** The wrapper of {@link resultSql} around any SELECT of failing rows. */
  resultOf(rows: string, limit: number | null): string;
  /** dbt's wrapper of it: one row `failures BIGINT, should_warn BOOLEAN, should_error BOOLEAN`, with `limit` applied. */
  resultSql(naming: RelationNaming): string;
}

export interface DataTestConfig {
  readonly where: string | null;
  /** A comparison of the number of failures, `!= 0` by default. */
  readonly warnIf: string;
  readonly errorIf: string;
  readonly limit: number | null;
  /** The expression that counts failures, `count(*)` by default. */
  readonly failCalc: string;
  /** `no`: not even with `--store-failures`, which is for those of which nothing is said. */
  readonly storeFailures: 'table' | 'view' | 'no' | 'unsaid';
  /** Write-audit-publish: it is run inside each batch's transaction, and holds back the records that make it fail. */
  readonly gate: boolean;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** A table of failing rows. */
export interface FailuresTable {
  readonly schema: string;
  readonly identifier: string;
}
