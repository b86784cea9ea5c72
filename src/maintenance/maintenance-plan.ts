/**
 * The boundary between planning and upkeep: how each model is kept current. The planner (`declared-plan.ts`) writes
 * plans, the strategies (one file each) carry them out, `lens status` shows them. Nobody else knows how a plan came about.
 */
export interface MaintenancePlan {
  readonly model: string;
  readonly relation: Relation;
  readonly strategy: Strategy;
  /** Who brings the model up to date: each batch's transaction, or the compaction job. Views need nobody. */
  readonly upkeep: 'view' | 'batch' | 'compaction';
  /** Columns of the model whose values name the rows to redo together; need not be unique. Empty unless `recompute keys`. */
  readonly key: readonly string[];
  readonly inputs: readonly PlanInput[];
  /** The model's SELECT with inputs as schema-qualified names: what a full build runs. */
  readonly fullSql: string;
  /** The same SELECT with inputs as bare names, which shadowing CTEs replace. */
  readonly bareSql: string;
  /** Why the model is not kept by keys in the batch, for people; null when it is. */
  readonly reason: string | null;
}

/**
 * `view`: nothing stored. `row-wise view`: besides, its change set is its own SELECT over its one input's change set.
 * `recompute keys`: the SELECT with its inputs restricted to the touched keys, spliced in. `rebuild`: the whole SELECT.
 */
export type Strategy = 'view' | 'row-wise view' | 'recompute keys' | 'rebuild';

export interface Relation {
  /** The name plans use: a model's name, or a source's table name. */
  readonly name: string;
  readonly schema: string;
  readonly identifier: string;
}

export interface PlanInput {
  readonly relation: Relation;
  /** Null when it is not known how a change of this input reaches the model. */
  readonly touches: TouchRule | null;
}

/** How a changed row of an input names the touched keys of the model. */
export type TouchRule = CarriesKey | JoinsThrough;

/** The row itself carries the key, in these columns; the input can then be restricted to touched keys, too. */
export interface CarriesKey {
  readonly kind: 'carries key';
  readonly key: readonly string[];
  /** The input's columns that the model reads, or null for all: a change in others touches nothing. */
  readonly columns: readonly string[] | null;
}

/** The keys are those of the rows of another input that join the changed row: a late or changed dimension. */
export interface JoinsThrough {
  readonly kind: 'joins through';
  /** Columns of this input, */
  readonly join: readonly string[];
  /** equal to these columns */
  readonly on: readonly string[];
  /** of this relation, */
  readonly through: Relation;
  /** whose rows carry the key in these columns. */
  readonly throughKey: readonly string[];
  readonly columns: readonly string[] | null;
}
