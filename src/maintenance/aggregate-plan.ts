import { createHash } from 'node:crypto';
import { LensError } from '../core/errors.ts';
import { ident } from '../warehouse/sql.ts';
import { type KeptAggregate, keptAggregates, replaced } from './analysis/aggregate-parts.ts';
import { operators } from './analysis/expressions.ts';
import type { AggregateCall, Expr, Get, Rel } from './analysis/plan-tree.ts';
import { textOf } from './analysis/text.ts';
import { selectList, toSql } from './analysis/to-sql.ts';
import type { AggregateState, Relation, StateValue } from './maintenance-plan.ts';

/** A tree whose aggregates are read from states, which are tables like any other. */
export interface WithStates {
  readonly tree: Rel;
  readonly states: readonly AggregateState[];
}

/** What the aggregated rows are read from, in {@link AggregateState.rowsSql}. */
const SOURCE = 'lens source';

/**
 * The aggregates of a model's tree that can be kept from changes alone, taken out as states; null when there are none, or
 * what is left of the tree cannot be written as SQL.
 */
export function withStates(model: string, tree: Rel, relation: (table: string) => Relation): WithStates | null {
  const kept = keptAggregates(tree);
  if (kept.length === 0) return null;
  const by = new Map<Rel, Rel>();
  const states: AggregateState[] = [];
  let id = operators(tree).filter((rel) => rel.op === 'get').length;
  for (const one of kept) {
    const state = stateOf(model, one, relation);
    if (state === null) return null;
    // A view that is read twice brings the same aggregate twice: one state serves both.
    if (!states.some((other) => other.relation.name === state.relation.name)) states.push(state);
    by.set(one.aggregate, scanOf(state, id++));
  }
  const rest = replaced(tree, by);
  return toSql(rest, () => '_') === null ? null : { tree: rest, states };
}

function scanOf({ relation, columns }: AggregateState, id: number): Get {
  const names = columns.map(({ name }) => name);
  const types = columns.map(({ type }) => type);
  return {
    op: 'get',
    id,
    table: `${relation.schema}.${relation.identifier}`,
    columns: names,
    types,
    width: names.length,
  };
}

function stateOf(
  model: string,
  { aggregate, calls, get, keys }: KeptAggregate,
  relation: (table: string) => Relation,
): AggregateState | null {
  const rows = toSql(aggregate.input, () => ident(SOURCE));
  const parts = [
    selectList(aggregate.keys, (at) => `k${at}`),
    ...calls.flatMap((call, at) => [
      call.args.length === 0 ? '' : selectList(call.args, () => `x${at}`),
      call.filter === null ? '' : selectList([call.filter], () => `f${at}`),
    ]),
  ];
  const sourceKeys = keys.map((key: Expr) => textOf(key, (index) => `i.${ident(get.columns[index] as string)}`));
  if (rows === null || parts.includes(null) || sourceKeys.includes(null)) return null;
  const rowsSql = `select ${parts.filter((part) => part !== '').join(', ')} from (${rows}) q`;
  const values = calls.map(valueOf);
  // Another definition is another table: what an older release kept under the name would be wrong.
  const definition = createHash('sha256')
    .update(JSON.stringify([rowsSql, values]))
    .digest('hex')
    .slice(0, 8);
  const identifier = `state_${model}_${definition}`;
  return {
    relation: { name: identifier, schema: 'lens', identifier },
    source: relation(get.table),
    rowsSql,
    sourceAlias: SOURCE,
    columns: [
      ...aggregate.keys.map(({ type }, at) => ({ name: `k${at}`, type })),
      ...values.map(({ type }, at) => ({ name: `v${at}`, type })),
    ],
    keyCount: aggregate.keys.length,
    sourceKeys: sourceKeys as string[],
    values,
  };
}

function valueOf({ fn, args: [argument], distinct, filter, type }: AggregateCall): StateValue {
  const kind = KINDS[fn];
  if (kind === undefined) throw new LensError('INTERNAL', `${fn} is kept as a state`);
  return { kind, distinct, argument: argument?.type ?? null, filtered: filter !== null, type };
}

const KINDS: Readonly<Record<string, StateValue['kind']>> = {
  count_star: 'count',
  count: 'count',
  sum: 'sum',
  avg: 'avg',
  min: 'min',
  max: 'max',
  bool_and: 'every',
  bool_or: 'some',
};
