import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';

/**
 * What `lens plan` says: what becomes of a warehouse when it is opened with a project, before anything is touched. Made by
 * change-planner.ts; goes over the service's control port as JSON.
 */
export interface ChangePlan {
  /** The same for the same project over the same warehouse: `lens apply` does what was shown, or says that it is another. */
  readonly id: string;
  /** What is built, in that order, then what is dropped. */
  readonly models: readonly ModelChange[];
  /** Changes that are not selected. */
  readonly hidden: readonly string[];
  readonly rawTables: readonly RawTableChange[];
  readonly seeds: readonly SeedChange[];
  /** Models of which nothing changes. */
  readonly unchanged: readonly string[];
  /** Models that are no longer run, and why: their tables stay as they are, and are not kept current from the next start on. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  /** Seeds that cannot be loaded and have no table, and what is left out for that, a sentence each: an apply refuses them. */
  readonly notLoaded: readonly string[];
  /** A raw table cannot be kept as it is: all is landed again from the log. */
  readonly replay: boolean;
}

export interface ModelChange {
  readonly name: string;
  readonly kind: 'table' | 'view';
  /**
   * `new`, `changed`, `failed` (tried again), `missing` (its relation is not there) and `follows` (only what it reads is other)
   * are built; `removed`: the model is gone, or writes to another relation, and this one is dropped.
   */
  readonly cause: 'new' | 'changed' | 'failed' | 'missing' | 'follows' | 'removed';
  /** Where it is, or will be. */
  readonly relation: RelationName;
  /** Where its rows are now, maybe of the model that it was; null where there are none. */
  readonly before: RelationName | null;
  /**
   * The model that it was by another name; of a relation to drop, the model that has its rows now (the same one, where that writes
   * elsewhere). Null when it is no renaming.
   */
  readonly renamed: string | null;
  /** What of its definition is another. */
  readonly differences: readonly Difference[];
  /** What it reads whose rows may be others. */
  readonly follows: readonly string[];
  /** Rows stored now; null for a view, and where nothing is stored. */
  readonly rows: number | null;
  /** Expected time of building it, from what it has cost so far; null when nothing is known of it. 0 for a view. */
  readonly milliseconds: number | null;
  /** Records between its own checkpoint and the warehouse's. */
  readonly recordsBehind: number;
  /** Only of `--diff`. */
  readonly data: DataDifference | null;
}

export interface RelationName {
  readonly schema: string;
  readonly identifier: string;
}

export type Difference =
  | { readonly part: 'sql'; /** Unified, of the compiled SQL. */ readonly diff: string }
  /** Values as JSON; null where there is none. */
  | { readonly part: 'config'; readonly key: string; readonly before: string | null; readonly after: string | null }
  | {
      readonly part: 'columns';
      readonly columns: readonly ColumnChange[];
      readonly reordered: boolean;
      /** The model keeps its columns (`on_schema_change: fail`), so that it will fail. */
      readonly refused?: true;
    }
  | { readonly part: 'relation'; readonly before: string; readonly after: string }
  | { readonly part: 'upkeep'; readonly before: Upkeep; readonly after: Upkeep }
  /** Built by an earlier release, which did not keep what it was. */
  | { readonly part: 'unknown' };

export interface ColumnChange {
  readonly name: string;
  /** DuckDB's types; null for a column that comes or goes. */
  readonly before: string | null;
  readonly after: string | null;
}

/** How a model is kept. */
export type Upkeep = Pick<MaintenancePlan, 'strategy' | 'upkeep' | 'key'> & { readonly reason: string | null };

export interface RawTableChange {
  readonly name: string;
  readonly topic: string;
  /**
   * `new`: its topic feeds it from now on. `landed again`: the table is not there although its topic was applied.
   * `columns`: a newer contract brought columns, null for rows landed before. `replay`: its contract has another key, or
   * another type of a column, so that only a replay of the log can make it.
   */
  readonly change: 'new' | 'landed again' | 'columns' | 'replay';
  readonly columns: readonly ColumnChange[];
  /** One sentence. */
  readonly what: string;
}

export interface SeedChange {
  readonly name: string;
  /** Of its CSV, in the project's folder. */
  readonly path: string;
  /** `new`: its table is not there. `columns`: has other columns, so that what reads it is built anew. `rows`: another file, of which what
   * reads it gets the difference. */
  readonly change: 'new' | 'columns' | 'rows';
}

/** How the rows of a model would differ from those stored (data-difference.ts). */
export interface DataDifference {
  readonly status: 'compared' | 'not compared';
  /** Why it is not compared, or what else is to be known. */
  readonly reason: string | null;
  /** The columns by which a row is the same on both sides; without any, rows are compared whole and none are `changed`. */
  readonly key: readonly string[];
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** The columns on both sides in which changed rows differ, with their number. */
  readonly columns: readonly { readonly name: string; readonly rows: number }[];
  readonly examples: readonly RowExample[];
}

export interface RowExample {
  readonly kind: 'added' | 'removed' | 'changed';
  /** Of the key's columns, or of all; values as JSON has them (dates and decimals are texts). */
  readonly row: Readonly<Record<string, unknown>>;
  /** Of a changed row: the columns that differ, before and after. */
  readonly columns: Readonly<Record<string, readonly [before: unknown, after: unknown]>>;
}
