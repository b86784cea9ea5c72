import { ident } from '../../warehouse/sql.ts';
import { argumentsOf } from './expressions.ts';
import type { Aggregate, AggregateCall, Expr, Get, Join, Rel } from './plan-tree.ts';
import { textOf } from './text.ts';

/** Thrown inside of {@link toSql} where a tree cannot be written. */
class NotWritten extends Error {}

/**
 * A tree as a SELECT with columns c0, c1, ...; null where some operator or expression has no text. The order of rows,
 * which is no part of a relation, is left away.
 *
 * @param table how a scan's table is written after FROM
 */
export function toSql(rel: Rel, table: (get: Get) => string): string | null {
  try {
    return written(rel, table);
  } catch (error) {
    if (error instanceof NotWritten) return null;
    throw error;
  }
}

/** Expressions over columns c0, c1, ... of `q`, named; null where one has no text. */
export function selectList(exprs: readonly Expr[], name: (at: number) => string): string | null {
  const texts = exprs.map((expr, at) => {
    const sql = textOf(expr, (index) => `q.c${index}`);
    return sql === null ? null : `${sql} as ${name(at)}`;
  });
  return texts.includes(null) ? null : texts.join(', ');
}

function written(rel: Rel, table: (get: Get) => string): string {
  const from = (one: Rel): string => `(${written(one, table)}) q`;
  switch (rel.op) {
    case 'get':
      return `select ${rel.columns.map((column, at) => `i.${ident(column)} as c${at}`).join(', ')} from ${table(rel)} i`;
    case 'values':
      if (!rel.single) throw new NotWritten();
      return 'select 0 as c0';
    case 'project':
      return `select ${list(rel.exprs)} from ${from(rel.input)}`;
    case 'filter':
      return `select * from ${from(rel.input)} where ${rel.predicates.map((one) => expression(one)).join(' and ')}`;
    case 'order':
      return written(rel.input, table);
    case 'aggregate':
      return aggregate(rel, from(rel.input));
    case 'distinct':
      if (rel.on !== null) throw new NotWritten();
      return `select distinct * from ${from(rel.input)}`;
    case 'set': {
      const operator = `${rel.kind}${rel.all ? ' all' : ''}`;
      return rel.inputs.map((one) => `(${written(one, table)})`).join(` ${operator} `);
    }
    case 'join':
      return join(rel, table);
    case 'window':
    case 'unnest':
    case 'opaque':
      throw new NotWritten();
  }
}

function expression(expr: Expr, column: (index: number) => string = (index) => `q.c${index}`): string {
  const sql = textOf(expr, column);
  if (sql === null) throw new NotWritten();
  return sql;
}

function list(exprs: readonly Expr[]): string {
  return exprs.map((expr, at) => `${expression(expr)} as c${at}`).join(', ');
}

function aggregate({ keys, aggregates, sets }: Aggregate, from: string): string {
  if (sets.length !== 1) throw new NotWritten();
  const columns = [
    ...keys.map((key) => expression(key)),
    ...aggregates.map((call) => {
      const sql = aggregateText(call, (index) => `q.c${index}`);
      if (sql === null) throw new NotWritten();
      return sql;
    }),
  ].map((sql, at) => `${sql} as c${at}`);
  const by = keys.length === 0 ? '' : ` group by ${keys.map((_, at) => at + 1).join(', ')}`;
  return `select ${columns.join(', ')} from ${from}${by}`;
}

function aggregateText(call: AggregateCall, column: (index: number) => string): string | null {
  if (call.parts === null) return null;
  let text = call.parts[0] ?? '';
  for (const [at, arg] of argumentsOf(call).entries()) {
    const inner = textOf(arg, column);
    if (inner === null) return null;
    text += inner + (call.parts[at + 1] ?? '');
  }
  return text;
}

function join(rel: Join, table: (get: Get) => string): string {
  const { kind, left, right, correlated, nearest } = rel;
  if (correlated || nearest || kind === 'mark' || kind === 'single') throw new NotWritten();
  const both = (index: number): string => (index < left.width ? `l.c${index}` : `r.c${index - left.width}`);
  const on = [
    ...rel.equalities.map((one) => {
      const sides = [expression(one.left, (index) => `l.c${index}`), expression(one.right, (index) => `r.c${index}`)];
      return sides.join(one.nullSafe ? ' is not distinct from ' : ' = ');
    }),
    ...rel.residual.map((one) => expression(one, both)),
  ];
  const oneSided = kind === 'semi' || kind === 'anti';
  const columns = Array.from({ length: rel.width }, (_, at) => `${oneSided ? `l.c${at}` : both(at)} as c${at}`);
  return `select ${columns.join(', ')} from (${written(left, table)}) l ${kind} join (${written(right, table)}) r
    on ${on.length === 0 ? 'true' : on.join(' and ')}`;
}
