import type { AggregateCall, Expr } from '../plan-tree.ts';
import type { BoundExpression } from './bound-expression.ts';
import { typeName } from './bound-type.ts';

/** A bound aggregate as ours; `read` reads its arguments. */
export function aggregateCall(bound: BoundExpression, read: (one: BoundExpression) => Expr): AggregateCall {
  if (bound.expression_class !== 'BOUND_AGGREGATE') throw new Error(`${bound.expression_class} as an aggregate`);
  const name = bound['name'] as string;
  const args = ((bound['children'] ?? []) as BoundExpression[]).map(read);
  const condition = bound['filter'] as BoundExpression | null | undefined;
  const filter = condition === null || condition === undefined ? null : read(condition);
  const orders = ordersOf(bound['order_bys']);
  const distinct = bound['aggregate_type'] === 'DISTINCT';
  const options = bound['function_data'] as Readonly<Record<string, unknown>> | null | undefined;
  const known = options === null || options === undefined || name === 'string_agg';
  const separator = name === 'string_agg' ? `, '${String(options?.['separator']).replaceAll("'", "''")}'` : '';
  const text = { name, distinct, count: args.length, orders, filter: filter !== null, separator };
  return {
    fn: name,
    args,
    distinct,
    filter,
    order: orders.map(({ expression }) => read(expression)),
    type: typeName(bound.return_type),
    ordered: ORDERED.has(name) || (name === 'string_agg' && orders.length === 0),
    parts: known ? aggregateParts(text) : null,
  };
}

/** Aggregates whose result depends on the order of the rows that they are given. */
const ORDERED = new Set([
  'first',
  'last',
  'any_value',
  'arbitrary',
  'list',
  'array_agg',
  'arg_min',
  'arg_max',
  'argmin',
  'argmax',
  'min_by',
  'max_by',
  'arg_min_null',
  'arg_max_null',
  'mode',
  'reservoir_quantile',
  'approx_quantile',
  'approx_top_k',
  'group_concat',
]);

export interface BoundOrder {
  readonly type: string;
  readonly null_order: string;
  readonly expression: BoundExpression;
}

function ordersOf(orderBys: unknown): readonly BoundOrder[] {
  return (orderBys as { orders?: readonly BoundOrder[] } | null | undefined)?.orders ?? [];
}

function aggregateParts(text: {
  name: string;
  distinct: boolean;
  count: number;
  orders: readonly BoundOrder[];
  filter: boolean;
  separator: string;
}): string[] {
  const { name, distinct, count, orders, filter, separator } = text;
  const star = name === 'count_star';
  const parts = [star ? 'count(*' : `"${name}"(${distinct ? 'distinct ' : ''}`];
  for (let i = 1; i < count; i++) parts.push(', ');
  const add = (piece: string): void => void (parts[parts.length - 1] += piece);
  if (count > 0) parts.push('');
  add(separator);
  orders.forEach(({ type, null_order }, i) => {
    add(i === 0 ? ' order by ' : ', ');
    parts.push(` ${type.startsWith('DESC') ? 'desc' : 'asc'} ${null_order.replaceAll('_', ' ').toLowerCase()}`);
  });
  add(')');
  if (filter) {
    add(' filter (where ');
    parts.push(')');
  }
  return parts;
}
