/**
 * What the rest of the product knows of a dbt project. `loadProject` (load-project.ts) makes it from a folder, once, and
 * nothing in it changes afterwards. Rendering is lazy and pure: the same project, relation naming and model give the
 * same SQL, always that of a full build (`is_incremental()` is false).
 */
export interface Project {
  /** `name` of dbt_project.yml. */
  readonly name: string;
  /** Absolute path of the folder that holds dbt_project.yml. */
  readonly dir: string;
  /** The target schema; models without a schema of their own live here. */
  readonly schema: string;
  /** Variables of the root project after merging dbt_project.yml and the options. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** Enabled models, each after all it depends on; ties in the order of names. */
  readonly models: readonly Model[];
  readonly sources: readonly SourceTable[];
  readonly tests: readonly DataTest[];
  /** What the folder holds and this product does not run, a sentence each, with the file. */
  readonly warnings: readonly string[];
  /** The model of that name. Throws MODEL_UNKNOWN_REF with the closest name as hint. */
  model(name: string): Model;
  /** Renders models and tests; use `compile` of compile.ts. */
  readonly renderer: ProjectRenderer;
}

export interface ProjectRenderer {
  model(model: Model, naming: RelationNaming): string;
}

export interface LoadOptions {
  /** Override the variables of dbt_project.yml, as `--vars` does. */
  readonly vars?: Readonly<Record<string, unknown>> | undefined;
  readonly target?: { readonly name: string; readonly schema: string } | undefined;
  /** What `env_var()` reads; `process.env` when missing. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export type Materialized = 'view' | 'table' | 'incremental' | 'ephemeral';

export interface Model {
  readonly name: string;
  /** `model.PROJECT.NAME`. */
  readonly uniqueId: string;
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  /** Project, folders below the model path, name: what selectors and the `models:` tree of dbt_project.yml match. */
  readonly fqn: readonly string[];
  readonly materialized: Materialized;
  readonly schema: string;
  /** The relation's name in the warehouse. */
  readonly alias: string;
  /** Merged: dbt_project.yml folders, then the yml file, then config() in the SQL. Keys are dbt's own. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `config.meta`, merged over all levels; upkeep is declared here. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly description: string;
  readonly columns: readonly ColumnDescription[];
  /** The file as it is. */
  readonly rawSql: string;
  readonly dependsOn: Dependencies;
}

export interface Dependencies {
  /** Names of models, in order of first use. */
  readonly models: readonly string[];
  /** Identifiers of source tables, in order of first use; these are raw tables' names. */
  readonly sources: readonly string[];
  /** The same as `SOURCE.NAME`. */
  readonly sourceNames: readonly string[];
}

export interface SourceTable {
  readonly sourceName: string;
  /** The name used in `source(sourceName, name)`. */
  readonly name: string;
  /** The identifier: the table's name in the warehouse, and the `table` of the topic that feeds it. */
  readonly table: string;
  readonly schema: string;
  /** Where it is declared: `file:line`. */
  readonly place: string;
  /** `source.PROJECT.SOURCE.NAME`. */
  readonly uniqueId: string;
  readonly description: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly columns: readonly ColumnDescription[];
}

export interface ColumnDescription {
  readonly name: string;
  readonly description: string;
  /** As declared; the warehouse decides the real type. */
  readonly dataType: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** Unique ids of the data tests on this column. */
  readonly tests: readonly string[];
}

export interface DataTest {
  readonly name: string;
  /** `test.PROJECT.NAME`, with a short hash at the end for a generic test. */
  readonly uniqueId: string;
  readonly kind: 'generic' | 'singular';
  /** The file it is declared in, relative to the project's folder. */
  readonly path: string;
  readonly severity: 'error' | 'warn';
  /** The relation a generic test is attached to; null for a singular test. */
  readonly target: Relation | null;
  readonly columnName: string | null;
  readonly tags: readonly string[];
  readonly dependsOn: Dependencies;
  readonly config: DataTestConfig;
  /** A SELECT that returns the failing rows (`where` applied, `limit` not). */
  sql(naming: RelationNaming): string;
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
  readonly storeFailures: boolean;
  readonly meta: Readonly<Record<string, unknown>>;
}

export interface Relation {
  readonly kind: 'model' | 'source';
  /** The model's name, or `SOURCE.NAME`. */
  readonly name: string;
  readonly schema: string;
  readonly identifier: string;
}

/** How a relation is written in rendered SQL; `qualified` and `bare` of relation-naming.ts are the usual two. */
export type RelationNaming = (relation: Relation) => string;
