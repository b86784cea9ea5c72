import { LensError } from '../core/errors.ts';
import type { PlanCatalog, CatalogColumn } from '../warehouse/plan-catalog.ts';
import { cautionsOf } from './analysis/cautions.ts';
import { columnsAltered } from './analysis/columns-altered.ts';
import { columnsRead } from './analysis/columns-read.ts';
import { planTree } from './analysis/duckdb/bound-plan.ts';
import { boundName } from './analysis/duckdb/nondeterministic-calls.ts';
import { callsOf, operators } from './analysis/expressions.ts';
import { withoutIdleJoins } from './analysis/idle-joins.ts';
import { ownConditions } from './analysis/own-conditions.ts';
import type { Opaque, Rel } from './analysis/plan-tree.ts';
import { neverNull, withCertainMarks } from './analysis/never-null.ts';
import { type TableKeys, uniqueKeys } from './analysis/unique-keys.ts';
import { ident } from '../warehouse/sql.ts';
import { chooseKey } from './key-choice.ts';
import { withStates } from './aggregate-plan.ts';
import { toSql } from './analysis/to-sql.ts';
import { withoutUnreadCalls } from './analysis/unread-calls.ts';
import type {
  AggregateState,
  ColumnCaution,
  NondeterministicCall,
  PlanDomain,
  PlanInput,
  Relation,
  TableRead,
} from './maintenance-plan.ts';
import type { FoundCall } from './nondeterminism.ts';
import { carriersOf, type Conditions, domainsOf, inputsOf } from './plan-inputs.ts';
import { allReasons, type Reason } from './reasons.ts';
import type { Surroundings } from './surroundings.ts';

/** What the analysis of one SELECT gives. */
export interface AnalysedModel {
  /** Null when DuckDB gives no plan. */
  readonly tree: Rel | null;
  /** The stored tables that the SELECT reads. */
  readonly reads: readonly TableRead[];
  readonly states: readonly AggregateState[];
  /** The SELECT over the states' tables, with its inputs named as told; null without states. */
  readonly writtenSql: (alias: (relation: Relation) => string) => string | null;
  /** Empty when no key serves. */
  readonly key: readonly string[];
  /** No column of the key is ever null. */
  readonly keyNeverNull: boolean;
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Output columns that are never null. */
  readonly neverNull: readonly string[];
  readonly inputs: readonly Omit<PlanInput, 'alias'>[];
  readonly domains: readonly PlanDomain[];
  readonly cautions: readonly ColumnCaution[];
  /** What gives another value each time and bears on its rows, as `now()`. */
  readonly unstable: readonly NondeterministicCall[];
  /** Why it cannot be kept by keys, for people; null when it can. */
  readonly reason: Reason | null;
}

export interface ModelToAnalyse {
  readonly name: string;
  /** Binds in the catalog. */
  readonly sql: string;
  /** Its output. */
  readonly columns: readonly CatalogColumn[];
  readonly declaredKey: readonly string[];
  /** What has no part in its rows is left out: looked-up tables of which nothing is read, rows that its conditions drop. */
  readonly lineage?: boolean;
  /** What the parser found in its SQL, and that of the views it reads, that gives another value each time. */
  readonly calls: readonly FoundCall[];
}

/** Analyses the SELECT of a model. */
export async function analyse(
  catalog: PlanCatalog,
  model: ModelToAnalyse,
  around: Surroundings,
): Promise<AnalysedModel> {
  const { sql, columns } = model;
  const answer = await catalog.plan(sql);
  if ('why' in answer) return notAnalysed(`DuckDB gives no plan: ${answer.why}`, model);
  const read = planTree(answer.plan, around.stability);
  if (read === null) return notAnalysed('too many references to CTEs', model);
  const tree = withoutUnreadCalls(withCertainMarks(read, around.neverNull));
  if (tree.width !== columns.length) {
    throw new LensError('INTERNAL', `the plan of a model has ${tree.width} columns, its SELECT ${columns.length}`);
  }
  if (model.lineage !== true) return analyseTree(tree, model, around);
  const active = withoutIdleJoins(tree, around.keysOf);
  return analyseTree(active, model, around, ownConditions(active));
}

/**
 * The same model with its aggregates read from states that are kept from changes alone; null where that cannot be done, or
 * would have some input read whole.
 */
export function withKeptStates(
  model: ModelToAnalyse,
  plain: AnalysedModel,
  around: Surroundings,
): AnalysedModel | null {
  if (plain.tree === null || whyNever(plain.tree, plain.unstable) !== null) return null;
  const split = withStates(model.name, plain.tree, around);
  if (split === null) return null;
  const states = new Map(split.states.map((state) => [`${state.relation.schema}.${state.relation.identifier}`, state]));
  const relation = (table: string): Relation => states.get(table)?.relation ?? around.relation(table);
  const keysOf: TableKeys = (table) => {
    const state = states.get(table);
    return state === undefined ? around.keysOf(table) : [state.columns.slice(0, state.keyCount).map((one) => one.name)];
  };
  const columns: Surroundings['columns'] = (table) => states.get(table)?.columns ?? around.columns(table);
  const rest = analyseTree(split.tree, model, { ...around, relation, keysOf, columns });
  if (rest.reason !== null || rest.inputs.some((input) => input.whole !== null)) return null;
  return {
    ...rest,
    reads: plain.reads,
    uniqueKeys: plain.uniqueKeys,
    neverNull: plain.neverNull,
    keyNeverNull: rest.key.every((column) => plain.neverNull.includes(column)),
    cautions: plain.cautions,
    states: [...states].map(([table, state]) => {
      const altered = columnsAltered(split.tree, table, keysOf);
      return { ...state, alters: altered?.map((at) => model.columns[at]?.name as string) ?? null };
    }),
    writtenSql: (alias) =>
      namedAs(
        toSql(split.tree, (get) => ident(alias(relation(get.table)))),
        model.columns,
      ),
  };
}

/** A written SELECT (columns c0, c1, ...) with the names and types of the model's columns. */
function namedAs(sql: string | null, columns: readonly CatalogColumn[]): string | null {
  if (sql === null) return null;
  const list = columns.map(({ name, type }, at) => `cast(q.c${at} as ${type}) as ${ident(name)}`);
  return `select ${list.join(', ')} from (${sql}) q`;
}

function analyseTree(
  tree: Rel,
  model: ModelToAnalyse,
  around: Surroundings,
  conditions: Conditions = new Map(),
): AnalysedModel {
  const { columns, declaredKey, lineage = false } = model;
  const unique = uniqueKeys(tree, around.keysOf);
  const named = unique.map((key) => [...key].map((index) => columns[index]?.name as string));
  const present = neverNull(tree, around.neverNull);
  const unstable = unstableIn(tree, model);
  const reason = whyNever(tree, unstable);
  const locality = reason === null ? chooseKey(tree, columns, unique, declaredKey) : null;
  const carriers = locality === null ? null : carriersOf(tree, locality.key, columns);
  const found = inputsOf(tree, carriers, locality, { ...around, conditions }, reason);
  // Lineage shows whole rows.
  const inputs = lineage ? found.map((input) => ({ ...input, unread: [] })) : found;
  const whole = inputs.filter((input) => input.whole !== null);
  const all = inputs.length > 0 && whole.length === inputs.length;
  return {
    tree,
    reads: inputs.map(({ relation, columns: read }) => ({ ...relation, columns: read })),
    states: [],
    writtenSql: () => null,
    key: locality?.key.map((index) => columns[index]?.name as string) ?? [],
    keyNeverNull: locality?.key.every((index) => present.has(index)) ?? false,
    uniqueKeys: named,
    neverNull: columns.filter((_, at) => present.has(at)).map(({ name }) => name),
    inputs,
    domains: locality === null ? [] : domainsOf(locality, around),
    cautions: cautionsOf(tree, around.keysOf).flatMap((found, at) =>
      found.map((caution) => ({ ...caution, column: columns[at]?.name as string })),
    ),
    unstable,
    reason: reason ?? (all ? allReasons(whole.map((input) => input.whole as Reason)) : null),
  };
}

/** Of what the parser found, all but what nothing reads; else what the plan alone shows (a macro of DuckDB's own). */
function unstableIn(tree: Rel, { name: model, calls }: ModelToAnalyse): readonly NondeterministicCall[] {
  const all = operators(tree);
  const bound = new Set(callsOf(tree).flatMap(({ fn, stability }) => (stability === 'stable' ? [] : [fn])));
  const hidden = all.some((rel) => rel.op === 'opaque' && rel.why !== 'limit' && rel.why !== 'recursive CTE');
  const found = calls.filter(({ call, shown }) => !shown || hidden || bound.has(boundName(call)));
  if (found.length > 0) return found.map((one) => ({ call: one.call, model: one.model }));
  const [fn] = bound;
  const call = fn === undefined ? all.find(isUnknownSource)?.why : `${fn}()`;
  return call === undefined ? [] : [{ call, model }];
}

/** A table function whose rows follow from nothing that is known; the reference of a recursion to itself is none. */
function isUnknownSource(rel: Rel): rel is Opaque {
  return rel.op === 'opaque' && rel.inputs.length === 0 && rel.why !== 'recursive CTE';
}

/** What no key can help with. */
function whyNever(tree: Rel, [unstable]: readonly NondeterministicCall[]): Reason | null {
  if (unstable !== undefined) return `${unstable.call} gives another value each time`;
  const all = operators(tree);
  // Where no column of a table is read (`count(*)`), DuckDB's plan has the rowid in their place.
  if ([...columnsRead(tree).values()].some((columns) => columns.has('rowid')))
    return 'a rowid changes whenever its row is replaced';
  // DuckDB 1.5 takes the filter of any join around it below DISTINCT ON, and so may choose another row: the SELECT must not
  // be put into joins of ours, whichever table they restrict.
  return all.some((rel) => rel.op === 'distinct' && rel.on !== null) ? 'distinct on' : null;
}

function notAnalysed(reason: Reason, { calls }: ModelToAnalyse): AnalysedModel {
  const nothing = { tree: null, reads: [], states: [], writtenSql: () => null };
  return {
    ...nothing,
    key: [],
    keyNeverNull: false,
    uniqueKeys: [],
    neverNull: [],
    inputs: [],
    domains: [],
    cautions: [],
    unstable: calls.map(({ call, model }) => ({ call, model })),
    reason,
  };
}
