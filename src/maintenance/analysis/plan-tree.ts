import type { Reason } from '../reasons.ts';

/**
 * What the analysis knows of a SELECT: a tree of relational operators over stored tables, made from DuckDB's bound plan
 * (`bound-plan.ts`, the only file that knows DuckDB's names). Columns are positions: an expression of an operator refers
 * to the columns of its input, a join's to those of the left side and then of the right. Whatever is not understood is
 * an {@link Opaque} operator or an expression without `parts`, and never guessed at.
 */
export type Rel =
  | Get
  | Values
  | Project
  | Filter
  | Join
  | Aggregate
  | Window
  | Distinct
  | SetOperation
  | Unnest
  | Order
  | Opaque;

interface Base {
  /** Number of columns. */
  readonly width: number;
}

/** A scan of a stored table; `id` tells several scans of one table apart. */
export interface Get extends Base {
  readonly op: 'get';
  readonly id: number;
  readonly table: string;
  readonly columns: readonly string[];
  readonly types: readonly string[];
}

/** Constant rows: no change of any table reaches them. `sql` gives them, or is null where it is not known. */
export interface Values extends Base {
  readonly op: 'values';
  readonly sql: string | null;
  /** True for the one row of a SELECT without FROM. */
  readonly single: boolean;
}

export interface Project extends Base {
  readonly op: 'project';
  readonly input: Rel;
  readonly exprs: readonly Expr[];
}

export interface Filter extends Base {
  readonly op: 'filter';
  readonly input: Rel;
  /** All of them must hold. */
  readonly predicates: readonly Expr[];
}

/**
 * `single`: a scalar subquery, at most one row of the right side a row; `mark`: IN or EXISTS as a value, in one more
 * column. Width: left and right; of semi and anti the left alone; of mark the left and the mark.
 */
export type JoinKind = 'inner' | 'left' | 'full' | 'semi' | 'anti' | 'mark' | 'single';

export interface Join extends Base {
  readonly op: 'join';
  readonly kind: JoinKind;
  readonly left: Rel;
  readonly right: Rel;
  readonly equalities: readonly Equality[];
  /** Conditions beside the equalities, over the columns of both sides. */
  readonly residual: readonly Expr[];
  /** The right side sees columns of the left one (a decorrelated subquery). */
  readonly correlated: boolean;
  /** ASOF: the nearest row of the right side. */
  readonly nearest: boolean;
  /**
   * mark: whether a row counts depends on the rows of the right side that match it, and on no others: IN or EXISTS as a
   * condition of its own in WHERE, and what is never null. Else one null on the right side changes every row.
   */
  readonly byMatches: boolean;
}

export interface Equality {
  /** Over the left side's columns. */
  readonly left: Expr;
  /** Over the right side's columns. */
  readonly right: Expr;
  /** IS NOT DISTINCT FROM. */
  readonly nullSafe: boolean;
}

/** Columns: the keys, then the aggregates. */
export interface Aggregate extends Base {
  readonly op: 'aggregate';
  readonly input: Rel;
  readonly keys: readonly Expr[];
  readonly aggregates: readonly AggregateCall[];
  /** Positions of keys in each grouping set; plain GROUP BY has one with all of them. */
  readonly sets: readonly (readonly number[])[];
}

export interface AggregateCall {
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly filter: Expr | null;
  readonly type: string;
  /** Its result may depend on the order of rows. */
  readonly ordered: boolean;
  /** Text between the expressions `[...args, ...order, filter?]`; null where it is not known. */
  readonly parts: readonly string[] | null;
  readonly order: readonly Expr[];
}

/** Columns: the input's, then one a window function. */
export interface Window extends Base {
  readonly op: 'window';
  readonly input: Rel;
  readonly functions: readonly WindowCall[];
}

export interface WindowCall {
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly partitions: readonly Expr[];
  readonly orders: readonly Expr[];
  /** Its frame counts rows, and not values: rows that tie are told apart. */
  readonly byRows: boolean;
  /** The function with all its expressions, partitions among them. */
  readonly call: Call;
}

/** `on` null: DISTINCT over all columns. */
export interface Distinct extends Base {
  readonly op: 'distinct';
  readonly input: Rel;
  readonly on: readonly Expr[] | null;
  readonly order: readonly Expr[];
}

export interface SetOperation extends Base {
  readonly op: 'set';
  readonly kind: 'union' | 'except' | 'intersect';
  readonly all: boolean;
  readonly inputs: readonly Rel[];
}

/** Columns: the input's, then one an unnested list. */
export interface Unnest extends Base {
  readonly op: 'unnest';
  readonly input: Rel;
  readonly exprs: readonly Expr[];
}

export interface Order extends Base {
  readonly op: 'order';
  readonly input: Rel;
}

/** An operator whose rows depend on all rows of its inputs, or that is not understood. */
export interface Opaque extends Base {
  readonly op: 'opaque';
  readonly inputs: readonly Rel[];
  /** `limit`, `recursive CTE`, ... */
  readonly why: Reason;
}

export type Expr = Ref | Call;

export interface Ref {
  readonly kind: 'ref';
  readonly index: number;
  readonly type: string;
}

/** Anything but a column: `fn` is `constant`, `cast`, `=`, `coalesce`, `and`, `case`, a function's name, ... */
export interface Call {
  readonly kind: 'call';
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly type: string;
  /** The SQL text around the arguments, one part more than there are arguments; null where SQL cannot give it back. */
  readonly parts: readonly string[] | null;
  /** Tells calls of the same name and arguments apart that mean different things (options, lambdas). */
  readonly identity: string;
  readonly stability: Stability;
}

/** `clock`: the same within a transaction; `volatile`: may differ from row to row. */
export type Stability = 'stable' | 'clock' | 'volatile';
