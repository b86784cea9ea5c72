import { createHash } from 'node:crypto';
import { LensError } from '../core/errors.ts';
import { ident } from '../warehouse/sql.ts';
import { type Branch, type Lookup, scanned } from './analysis/aggregate-branches.ts';
import { type KeptAggregate, keptAggregates, replaced } from './analysis/aggregate-parts.ts';
import { columnsRead } from './analysis/columns-read.ts';
import { operators, sameValue } from './analysis/expressions.ts';
import type { AggregateCall, Expr, Get, Rel } from './analysis/plan-tree.ts';
import { textOf } from './analysis/text.ts';
import { selectList, toSql } from './analysis/to-sql.ts';
import type { TableKeys } from './analysis/unique-keys.ts';
import type { AggregateState, Relation, StateBranch, StateLookup, StateScan, StateValue } from './maintenance-plan.ts';

/** A tree whose aggregates are read from states, which are tables like any other. */
export interface WithStates {
  readonly tree: Rel;
  readonly states: readonly Aggregated[];
}

/** A state, without where it stands in its model. */
type Aggregated = Omit<AggregateState, 'alters'>;

/** What is known of the stored tables. */
interface Tables {
  readonly relation: (table: string) => Relation;
  readonly keysOf: TableKeys;
}

/**
 * The aggregates of a model's tree that can be kept from changes alone, taken out as states; null when there are none, or
 * what is left of the tree cannot be written as SQL.
 */
export function withStates(model: string, tree: Rel, tables: Tables): WithStates | null {
  const kept = keptAggregates(tree, tables.keysOf);
  const by = new Map<Rel, Rel>();
  const states: Aggregated[] = [];
  let id = operators(tree).filter((rel) => rel.op === 'get').length;
  for (const one of kept) {
    const state = stateOf(model, one, tables);
    if (state === null) continue;
    // A view that is read twice brings the same aggregate twice: one state serves both.
    if (!states.some((other) => other.relation.name === state.relation.name)) states.push(state);
    by.set(one.aggregate, scanOf(state, id++));
  }
  if (states.length === 0) return null;
  const rest = replaced(tree, by);
  return toSql(rest, () => '_') === null ? null : { tree: rest, states };
}

function scanOf({ relation, columns }: Aggregated, id: number): Get {
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

function stateOf(model: string, kept: KeptAggregate, tables: Tables): Aggregated | null {
  const { aggregate, calls } = kept;
  const branches = kept.branches.map((branch) => stateBranch(kept, branch, tables));
  if (branches.includes(null)) return null;
  const values = calls.map(valueOf);
  // Another definition is another table: what an older release kept under the name would be wrong.
  const definition = createHash('sha256')
    .update(JSON.stringify([branches, values]))
    .digest('hex')
    .slice(0, 8);
  const identifier = `state_${model}_${definition}`;
  const tree = kept.branches[0]?.tree as Rel;
  return {
    relation: { name: identifier, schema: 'lens', identifier },
    branches: branches as StateBranch[],
    columns: [
      ...aggregate.keys.map(({ type }, at) => ({ name: `k${at}`, type })),
      ...values.map(({ type }, at) => ({ name: `v${at}`, type })),
    ],
    keyCount: aggregate.keys.length,
    keyNames: aggregate.keys.map((key, at) => {
      const found = scanned(tree, key);
      return (found === null ? null : over('i', found.get, found.expr)) ?? `k${at}`;
    }),
    values,
  };
}

function stateBranch({ aggregate, calls }: KeptAggregate, branch: Branch, tables: Tables): StateBranch | null {
  const { tree, main, lookups } = branch;
  const scans = operators(tree).filter((rel) => rel.op === 'get');
  const alias = (get: Get): string => `lens scan ${scans.indexOf(get)}`;
  const rows = toSql(tree, (get) => ident(alias(get)));
  const parts = [
    selectList(aggregate.keys, (at) => `k${at}`),
    ...calls.flatMap((call, at) => [
      call.args.length === 0 ? '' : selectList(call.args, () => `x${at}`),
      call.filter === null ? '' : selectList([call.filter], () => `f${at}`),
    ]),
  ];
  const read = columnsRead({ ...aggregate, input: tree });
  const scan = (get: Get): StateScan => ({ relation: tables.relation(get.table), alias: alias(get) });
  const found = lookups.map((lookup): StateLookup | null => {
    const { get, key, from } = lookup;
    const match = matchText(lookup);
    if (match === null) return null;
    const before = lookups.findIndex((other) => other.get === from);
    return { ...scan(get), columns: [...(read.get(get.id) ?? [])], key, from: before < 0 ? null : before, match };
  });
  if (rows === null || parts.includes(null) || found.includes(null)) return null;
  return {
    rowsSql: `select ${parts.filter((part) => part !== '').join(', ')} from (${rows}) q`,
    main: scan(main),
    unique: tables.keysOf(main.table)[0] ?? null,
    lookups: found as StateLookup[],
    mainKeys: aggregate.keys.map((key) => mainKey(branch, key)),
  };
}

function matchText({ get, from, matches }: Lookup): string | null {
  const texts = matches.map(({ own, theirs, nullSafe }) => {
    const sides = [over('i', from, theirs), over('l', get, own)];
    return sides.includes(null) ? null : sides.join(nullSafe ? ' is not distinct from ' : ' = ');
  });
  return texts.includes(null) ? null : texts.join(' and ');
}

/** A key over the main row, by itself or by its equal of an inner join. */
function mainKey({ tree, main, lookups }: Branch, key: Expr): string | null {
  const found = scanned(tree, key);
  if (found === null || found.optional) return null;
  if (found.get === main) return over('i', main, found.expr);
  const lookup = lookups.find(({ get, from }) => get === found.get && from === main);
  const equal = lookup?.matches.find(({ own }) => sameValue(own, found.expr));
  return equal === undefined ? null : over('i', main, equal.theirs);
}

/** An expression over a scan as SQL over a row of it. */
function over(row: string, get: Get, expr: Expr): string | null {
  return textOf(expr, (index) => `${row}.${ident(get.columns[index] as string)}`);
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
