import type { LensError } from '../core/errors.ts';
import type { DataTest } from './data-test-contract.ts';
import type { Analysis, DocBlock, Exposure, Group, SelectorDefinition, UnitTest } from './declared-nodes.ts';
import type { DescribedNode } from './described-node.ts';
import type { HookRenderer } from './hook-renderer.ts';
import type { Operation } from './hooks.ts';
import type { ModelVersion } from './model-versions.ts';
import type { TargetRequest } from './profile.ts';
import type { Answers, AskedRows, Question } from './questions.ts';

export type { DataTest, DataTestConfig, FailuresTable } from './data-test-contract.ts';
export type { Analysis, DocBlock, Exposure, Group, SelectorDefinition, UnitTest } from './declared-nodes.ts';

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
  /** The name of the target. */
  readonly target: string;
  /** The target schema; models without a schema of their own live here. */
  readonly schema: string;
  /** Variables of the root project after merging dbt_project.yml and the options. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** The installed packages. */
  readonly packages: readonly Package[];
  /** Enabled models, each after all it depends on; ties in the order of names. */
  readonly models: readonly Model[];
  /** Enabled CSV files, by name. */
  readonly seeds: readonly Seed[];
  readonly sources: readonly SourceTable[];
  readonly tests: readonly DataTest[];
  /** Enabled unit tests of enabled models, as they are written. */
  readonly unitTests: readonly UnitTest[];
  readonly analyses: readonly Analysis[];
  readonly exposures: readonly Exposure[];
  readonly groups: readonly Group[];
  /** Docs blocks, those of the project first. */
  readonly docs: readonly DocBlock[];
  /** The definitions of selectors.yml. */
  readonly selectors: readonly SelectorDefinition[];
  /** What the folder holds and this product does not run, a sentence each, with the file. */
  readonly warnings: readonly string[];
  /** Models, by name, that are there and not run, with the reason: nobody keeps their tables, and they are not gone either. */
  readonly leftOut: ReadonlyMap<string, string>;
  /**
   * The same files, as they were read, without some seeds, by name with the reason: they cannot be loaded, so that what reads them is left out.
   */
  withoutSeeds(broken: ReadonlyMap<string, string>): Project;
  /**
   * Models, by name, that cannot be made with the rows that templates have been answered, with the reason; what reads them waits
   * with them. They have no plan, and their tables, if any, stay as they are.
   */
  readonly waiting: ReadonlyMap<string, string>;
  /**
   * Those of them, by name with the error, that wait for nothing: their template raises where it is rendered for SQL, or their SQL does not bind
   * (only a project that has been planned knows of that). They are errors of a run, and the other models are kept all the same.
   */
  readonly faulty: ReadonlyMap<string, LensError>;
  /** By model, or unique id of a data test: the rows of tables that its SQL follows from. */
  readonly asked: ReadonlyMap<string, readonly AskedRows[]>;
  /** The model of that name. Throws MODEL_UNKNOWN_REF with the closest name as hint. */
  model(name: string): Model;
  /** What templates ask of the warehouse and nobody has answered: until then they cannot be rendered. */
  readonly questions: readonly Question[];
  /** The same files, as they were read, with other answers. */
  answering(answers: Answers): Project;
  /** Renders models and tests; use `compile` of compile.ts. */
  readonly renderer: ProjectRenderer;
  /** The hooks of the project and its packages, in the order of dbt. */
  readonly operations: readonly Operation[];
  /** Renders them, and those of models and seeds. */
  readonly hooks: HookRenderer;
}

export interface Package {
  readonly name: string;
  readonly version: string | null;
  /** Relative to the project's folder: paths of its resources begin with it. */
  readonly folder: string;
}

export interface ProjectRenderer {
  model(model: Model, naming: RelationNaming, overrides?: RenderOverrides): string;
  /** A template that is no file of the project, and what it reads. */
  inline(
    sql: string,
    naming: RelationNaming,
    answers: Answers,
  ): { readonly sql: string; readonly dependsOn: Dependencies };
}

/** What a unit test has be otherwise. */
export interface RenderOverrides {
  /** What macros give, whatever they are called with; `is_incremental` among them. A macro of a package with its name before it. */
  readonly macros: Readonly<Record<string, unknown>>;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  /** To what templates ask of the warehouse. */
  readonly answers?: Answers | undefined;
  /** Override the variables of dbt_project.yml, as `--vars` does. */
  readonly vars?: Readonly<Record<string, unknown>> | undefined;
  /** What is not said follows from profiles.yml. */
  readonly target?: TargetRequest | undefined;
  /** Whether a topic feeds that table: asked of sources that dbt-duckdb would read from elsewhere; false when missing. */
  readonly isFed?: ((table: string) => boolean) | undefined;
  /** What `env_var()` reads; `process.env` when missing. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** `external` is a table here: dbt-duckdb writes it to a file, and its relation reads that. */
export type Materialized = 'view' | 'table' | 'incremental' | 'external' | 'ephemeral';

export interface Model extends DescribedNode {
  /** No other model or seed has it. */
  readonly name: string;
  /** As dbt calls it: the name of a version without the version, and that of a model which another package has, too, without its package. */
  readonly ownName: string;
  /** `model.PROJECT.NAME`. */
  readonly uniqueId: string;
  /** Which version of which model it is; then its name is `NAME_vVERSION`, and its unique id ends in `NAME.vVERSION`. Null for all others. */
  readonly version: ModelVersion | null;
  readonly materialized: Materialized;
  /** `config.meta`, merged over all levels; upkeep is declared here. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** The file as it is. */
  readonly rawSql: string;
  readonly dependsOn: Dependencies;
  readonly access: Access;
  /** The name of the group it belongs to. */
  readonly group: string | null;
  readonly contract: ModelContract;
}

/** Who may refer to a model: its group, its project, everybody. */
export type Access = 'private' | 'protected' | 'public';

/** What a model promises of its columns. Nothing is checked unless it is enforced. */
export interface ModelContract {
  readonly enforced: boolean;
  /** Whether types are first put into the words of the warehouse (`string` is VARCHAR); true unless said otherwise. */
  readonly aliasTypes: boolean;
  /** Of the whole model; those of single columns stand with them. */
  readonly constraints: readonly Constraint[];
  /** The described columns, in their order. `dataType` is there for all of them when the contract is enforced. */
  readonly columns: readonly {
    readonly name: string;
    readonly dataType: string | null;
    readonly constraints: readonly Constraint[];
  }[];
}

export interface Constraint {
  readonly type: 'not_null' | 'unique' | 'primary_key' | 'foreign_key' | 'check' | 'custom';
  readonly name: string | null;
  /** SQL: what a check checks, or a foreign key points to. */
  readonly expression: string | null;
  /** Those of a constraint of the whole model. */
  readonly columns: readonly string[];
}

/** A CSV file of the project. */
export interface Seed extends DescribedNode {
  /** No other model or seed has it. */
  readonly name: string;
  /** As dbt calls it. */
  readonly ownName: string;
  /** `seed.PROJECT.NAME`. */
  readonly uniqueId: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly group: string | null;
  /** Types by column, of those that are not to be guessed from the values. */
  readonly columnTypes: Readonly<Record<string, string>>;
  /** Between two values of a line: `,` unless said otherwise. */
  readonly delimiter: string;
  /** Null when nothing is said. */
  readonly quoteColumns: boolean | null;
}

export interface Dependencies {
  /** Names of models, in order of first use. */
  readonly models: readonly string[];
  /** Names of models and seeds together, in order of first use. */
  readonly refs: readonly string[];
  /** Names of seeds, in order of first use. */
  readonly seeds: readonly string[];
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
  /** As it is written, with Jinja; null when nothing is said. */
  readonly writtenSchema: string | null;
  /** Where it is declared: `file:line`. */
  readonly place: string;
  /** `source.PROJECT.SOURCE.NAME`. */
  readonly uniqueId: string;
  readonly packageName: string;
  /** The yml file that declares it, relative to the project's folder. */
  readonly path: string;
  readonly fqn: readonly string[];
  readonly description: string;
  /** Unique ids of the docs blocks in it. */
  readonly docBlocks: readonly string[];
  /** Of the source that the table is one of. */
  readonly sourceDescription: string;
  readonly loader: string;
  /** Merged: dbt_project.yml, the source, the table. `freshness`, `loaded_at_field` and `loaded_at_query` are among them. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly columns: readonly ColumnDescription[];
}

export interface ColumnDescription {
  readonly name: string;
  readonly description: string;
  /** Unique ids of the docs blocks in it. */
  readonly docBlocks: readonly string[];
  /** As declared; the warehouse decides the real type. */
  readonly dataType: string | null;
  readonly constraints: readonly Constraint[];
  /** Whether dbt writes its name in quotes. */
  readonly quote: boolean;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** Unique ids of the data tests on this column. */
  readonly tests: readonly string[];
}

export interface Relation {
  readonly kind: 'model' | 'source' | 'seed';
  /** The model's or seed's name, or `SOURCE.NAME`. */
  readonly name: string;
  /** As dbt calls it, where that is another one. */
  readonly ownName?: string | undefined;
  readonly schema: string;
  readonly identifier: string;
  /** Of a model that is a version. */
  readonly version?: ModelVersion | undefined;
}

/** A column of a relation of the warehouse, with DuckDB's type. */
export interface RelationColumn {
  readonly name: string;
  readonly type: string;
}

/** How a relation is written in rendered SQL; `qualified` and `bare` of relation-naming.ts are the usual two. */
export type RelationNaming = (relation: Relation) => string;
