import type { Caution } from './analysis/cautions.ts';
import type { Reason } from './reasons.ts';

/**
 * The boundary between planning and upkeep: how each model is kept current. The planner (`planner.ts`) writes plans, the
 * strategies (one file each) carry them out, `lens explain` and `lens status` show them. Nobody else knows how a plan
 * came about.
 */
export interface MaintenancePlan {
  readonly model: string;
  readonly relation: Relation;
  readonly strategy: Strategy;
  /** Who brings the model up to date: each batch's transaction, or the compaction job. Views need nobody. */
  readonly upkeep: 'view' | 'batch' | 'compaction';
  /** Columns of the model whose values name the rows to redo together; need not be unique. Empty unless `recompute keys`. */
  readonly key: readonly string[];
  /** The stored tables it follows from, through views and ephemeral models. */
  readonly reads: readonly TableRead[];
  /** Its columns by name and type, in order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The columns (or the one SQL expression) of its `unique_key` as SQL, where a check of it is due; empty where none is. */
  readonly checkedKey: readonly string[];
  /** What its stored rows have to keep of its enforced contract. */
  readonly constraints: readonly KeptConstraint[];
  /** Its table is never replaced by one with other columns, but by a full refresh. */
  readonly keepsColumns: boolean;
  /** What is not exact about some of its columns. */
  readonly cautions: readonly ColumnCaution[];
  /** Its aggregates that are kept from changes alone; they are among the inputs then, in place of what they aggregate. */
  readonly states: readonly AggregateState[];
  /** The tables that `bareSql` reads. */
  readonly inputs: readonly PlanInput[];
  /** Sets of values that restrict inputs; the first is that of the key. Empty unless `recompute keys`. */
  readonly domains: readonly PlanDomain[];
  /** The model's SELECT with inputs as schema-qualified names: what a full build runs. */
  readonly fullSql: string;
  /** The same SELECT over the inputs' {@link PlanInput.alias}, which common table expressions stand in for. With states it is
   * what DuckDB understood of the SELECT, written anew. */
  readonly bareSql: string;
  /** No column of `key` is ever null. */
  readonly keyNeverNull: boolean;
  /** Each value of `key` is of one row at most. */
  readonly uniqueKey: boolean;
  /** No two rows of it are alike, since it has a unique key, be it this one or another. */
  readonly distinctRows: boolean;
  /** What makes its SELECT give other rows by itself, without a change of its inputs: `now()`, `random()`. */
  readonly nondeterministic: readonly NondeterministicCall[];
  /** Why the model is not kept by keys in the batch, for people; null when it is. */
  readonly reason: Reason | null;
}

/**
 * `view`: nothing stored. `recompute keys`: the SELECT with its inputs restricted to the touched keys, spliced in.
 * `rebuild`: the whole SELECT.
 */
export type Strategy = 'view' | 'recompute keys' | 'rebuild';

/** A constraint that a row breaks by itself, or by being alike to another in some columns; `text` is how people read it. */
export type KeptConstraint =
  /** @property broken SQL condition over the model's columns */
  | { readonly kind: 'row'; readonly text: string; readonly broken: string }
  | { readonly kind: 'unique'; readonly text: string; readonly columns: readonly string[] };

export interface Relation {
  /** The name plans use: a model's name, or a source's table name. */
  readonly name: string;
  readonly schema: string;
  readonly identifier: string;
}

/** A stored table with the columns that the model reads of it. */
export interface TableRead extends Relation {
  readonly columns: readonly string[];
}

export interface ColumnCaution extends Caution {
  readonly column: string;
}

export interface NondeterministicCall {
  /** As it is written: `now()`, `current_user`. */
  readonly call: string;
  /** The model whose SQL has it: the model itself, or a view or ephemeral model that it reads. */
  readonly model: string;
}

export interface PlanInput {
  readonly relation: Relation;
  /** How `bareSql` names it. */
  readonly alias: string;
  /** The columns that can matter to the model: a change in others touches nothing. */
  readonly columns: readonly string[];
  /**
   * The others, where the SELECT reads it in several places: DuckDB then makes the rows that stand in for it once, with all their columns. Nulls
   * stand in for these.
   */
  readonly unread: readonly { readonly name: string; readonly type: string }[];
  /** How its rows name touched values: one a place where the SELECT reads it. */
  readonly uses: readonly InputUse[];
  /** It is read in one place, by the key, and has one row a key at most. */
  readonly unique: boolean;
  /** Every row of the model has its key from a row of it: without one, there is none. */
  readonly carriesKey: boolean;
  /** Why any change of it may touch any row of the model, for people; null when `uses` say which. */
  readonly whole: Reason | null;
}

/** A place where the SELECT reads an input: rows whose `values` are in the domain matter to it. */
export interface InputUse {
  readonly domain: number;
  /** SQL over the input's row `i`. */
  readonly values: readonly string[];
  /** The columns that this place reads. */
  readonly columns: readonly string[];
  /** It reads all that there are: any change matters. */
  readonly everyColumn: boolean;
  /** Only of lineage: what its rows must meet to have any part in the result, as SQL over `i`; not there when all have. */
  readonly condition?: string;
}

/** A set of values; but for the first, each of its values leads to values of the parent by a lookup. */
export interface PlanDomain {
  readonly width: number;
  readonly parent: number | null;
  /** Where to look up; several for the branches of a union. */
  readonly hops: readonly DomainHop[];
}

/** Rows `i` of a stored table: `own` are values of the domain, `leadsTo` those of its parent in the same row. */
export interface DomainHop {
  readonly relation: Relation;
  readonly own: readonly string[];
  readonly leadsTo: readonly string[];
}

/**
 * A table of ours with the values of one GROUP BY of a model: columns k0.. (its keys), v0.. (its aggregates, as the model
 * sees them), then what else is needed to keep them. Rebuilt with the model; nothing but upkeep writes to it.
 */
export interface AggregateState {
  readonly relation: Relation;
  /** What is aggregated: the rows of all branches of a UNION ALL; mostly there is one. */
  readonly branches: readonly StateBranch[];
  /** The columns that the model sees: keys, then values. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly keyCount: number;
  /** The keys for people. */
  readonly keyNames: readonly string[];
  readonly values: readonly StateValue[];
  /** The columns of the model that it bears on; null where it bears on which rows there are. */
  readonly alters: readonly string[] | null;
}

/** Rows that follow the `main` table one by one: each of its rows gives its own, with what the lookups have for it. */
export interface StateBranch {
  /** The rows that are aggregated, read from the scans' aliases: k0.., and for value j its argument xj and its filter fj. */
  readonly rowsSql: string;
  readonly main: StateScan;
  /** Columns that are unique in the main table; null where none are known. */
  readonly unique: readonly string[] | null;
  /** Each behind the one that leads to it. */
  readonly lookups: readonly StateLookup[];
  /** The keys as SQL over main's row `i`; null for one that comes from a lookup. */
  readonly mainKeys: readonly (string | null)[];
}

/** A stored table as one place reads it. */
export interface StateScan {
  readonly relation: Relation;
  readonly alias: string;
}

/** A table joined to the main one or to another lookup. */
export interface StateLookup extends StateScan {
  /** The columns that can matter. */
  readonly columns: readonly string[];
  /** Columns that are unique in it. */
  readonly key: readonly string[];
  /** Which lookup leads to it; null where it is the main table. */
  readonly from: number | null;
  /** SQL that holds wherever its row `l` is joined to row `i` of `from`. */
  readonly match: string;
}

export interface StateValue {
  /** `count`: of rows, or of arguments that are not null; `every` and `some`: bool_and and bool_or. */
  readonly kind: 'count' | 'sum' | 'avg' | 'min' | 'max' | 'every' | 'some';
  /** Each value counts once. */
  readonly distinct: boolean;
  /** The type of the argument; null where rows are counted. */
  readonly argument: string | null;
  readonly filtered: boolean;
  /** Of the value, as DuckDB bound it. */
  readonly type: string;
}
