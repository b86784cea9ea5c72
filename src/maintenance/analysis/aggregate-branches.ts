import { inputsOf, operators, shifted, stabilityOf, withoutWidening } from './expressions.ts';
import { beyond, through, within } from './lookup-paths.ts';
import type { Equality, Expr, Get, Join, Rel } from './plan-tree.ts';
import type { TableKeys } from './unique-keys.ts';

/**
 * A SELECT that follows its tables row by row: each row of the `main` scan gives its rows by itself, by projections, filters
 * and what is joined to it, so that the rows of more main rows are those of each together. One branch of a UNION ALL.
 */
export interface Branch {
  readonly tree: Rel;
  readonly main: Get;
  /** Every other scan, each behind the one that leads to it. */
  readonly lookups: readonly Lookup[];
}

/** A scan joined to another one: its rows can matter only to rows of `from` that all `matches` hold for. */
export interface Lookup {
  readonly get: Get;
  /** Unique columns of its table. */
  readonly key: readonly string[];
  readonly from: Get;
  readonly matches: readonly Match[];
}

export interface Match {
  /** Over the lookup's columns. */
  readonly own: Expr;
  /** Over the columns of `from`. */
  readonly theirs: Expr;
  readonly nullSafe: boolean;
}

/** More are not worth their statements. */
const MOST_BRANCHES = 16;

/** The branches that together give the rows of a tree; null where it does not follow its tables row by row. */
export function branchesOf(rel: Rel, keysOf: TableKeys): Branch[] | null {
  const trees = withoutUnions(rel);
  if (trees === null || trees.length > MOST_BRANCHES) return null;
  const branches = trees.map((tree) => branchOf(tree, keysOf));
  return branches.some((branch) => branch === null) ? null : (branches as Branch[]);
}

/** The same rows as several trees without UNION ALL; null where there is an operator that looks at several rows. */
function withoutUnions(rel: Rel): Rel[] | null {
  switch (rel.op) {
    case 'get':
      return [rel];
    case 'project':
    case 'filter':
    case 'order':
      return withoutUnions(rel.input)?.map((input) => ({ ...rel, input })) ?? null;
    case 'set': {
      if (rel.kind !== 'union' || !rel.all) return null;
      const inputs = rel.inputs.map(withoutUnions);
      return inputs.includes(null) ? null : inputs.flatMap((input) => input ?? []);
    }
    case 'join': {
      if (rel.correlated || rel.nearest || !isFollowed(rel)) return null;
      // A union at the right side of a left join is not one of joins.
      const rights = rel.kind === 'inner' ? withoutUnions(rel.right) : [rel.right];
      const lefts = withoutUnions(rel.left);
      if (lefts === null || rights === null) return null;
      return lefts.flatMap((left) => rights.map((right) => ({ ...rel, left, right })));
    }
    default:
      return null;
  }
}

function isFollowed({ kind }: Join): boolean {
  return kind === 'inner' || kind === 'left' || kind === 'semi' || kind === 'anti';
}

/** With the main scan of which most others are lookups of one row at most. */
function branchOf(tree: Rel, keysOf: TableKeys): Branch | null {
  const several = (lookups: readonly Lookup[]): number =>
    lookups.filter(({ get, matches }) => !isUnique(get, matches, keysOf)).length;
  let best: Branch | null = null;
  for (const main of mainScans(tree)) {
    const lookups = lookupsOf(tree, main, keysOf);
    if (lookups === null || (best !== null && several(lookups) >= several(best.lookups))) continue;
    best = { tree, main, lookups };
  }
  return best;
}

function isUnique(get: Get, matches: readonly Match[], keysOf: TableKeys): boolean {
  const columns = matches.map(({ own }) => {
    const plain = withoutWidening(own);
    return plain.kind === 'ref' ? get.columns[plain.index] : undefined;
  });
  return keysOf(get.table).some((key) => key.every((column) => columns.includes(column)));
}

/** The scans that the rows of a tree are made of one by one. */
function mainScans(rel: Rel): Get[] {
  switch (rel.op) {
    case 'get':
      return [rel];
    case 'project':
    case 'filter':
    case 'order':
      return mainScans(rel.input);
    case 'join':
      return rel.kind === 'inner'
        ? [...mainScans(rel.left), ...mainScans(rel.right)]
        : isFollowed(rel)
          ? mainScans(rel.left)
          : [];
    default:
      return [];
  }
}

/** All other scans of a tree as lookups from its main one; null where some cannot be. */
function lookupsOf(rel: Rel, main: Get, keysOf: TableKeys): Lookup[] | null {
  if (rel.op === 'get') return rel === main ? [] : null;
  if (rel.op !== 'join') {
    const [input, second] = inputsOf(rel);
    const rowWise = rel.op === 'project' || rel.op === 'filter' || rel.op === 'order';
    return rowWise && input !== undefined && second === undefined ? lookupsOf(input, main, keysOf) : null;
  }
  const side = operators(rel.left).includes(main) ? 'left' : 'right';
  if (!isFollowed(rel) || (side === 'right' && rel.kind !== 'inner')) return null;
  const [mine, other] = side === 'left' ? [rel.left, rel.right] : [rel.right, rel.left];
  const before = lookupsOf(mine, main, keysOf);
  if (before === null) return null;
  for (const get of mainScans(other)) {
    const inner = lookupsOf(other, get, keysOf);
    const key = keysOf(get.table)[0];
    if (inner === null || key === undefined) continue;
    for (const from of [main, ...before.map((lookup) => lookup.get)]) {
      const matches = rel.equalities.flatMap((one) => matchOf(one, side, mine, from, other, get));
      if (matches.length > 0) return [...before, { get, key, from, matches }, ...inner];
    }
  }
  return null;
}

/** An equality of a join as one of two scans, where it is. */
function matchOf(equality: Equality, side: 'left' | 'right', mine: Rel, from: Get, other: Rel, get: Get): Match[] {
  const { nullSafe } = equality;
  const [a, b] = side === 'left' ? [equality.left, equality.right] : [equality.right, equality.left];
  const [theirs, own] = [scanned(mine, a), scanned(other, b)];
  if (theirs?.get !== from || own?.get !== get) return [];
  // Where the row is missing, null leads nowhere; an expression might give something else than null.
  const missing = theirs.optional || own.optional;
  const plain = withoutWidening(theirs.expr).kind === 'ref' && withoutWidening(own.expr).kind === 'ref';
  if (missing && (nullSafe || !plain)) return [];
  return [{ own: own.expr, theirs: theirs.expr, nullSafe }];
}

/**
 * The scan that an expression over a tree's columns is of, and the expression over the scan's; null where it is of none or
 * several. `optional`: the row may be missing, since a left join brings it.
 */
export function scanned(rel: Rel, expr: Expr): { get: Get; expr: Expr; optional: boolean } | null {
  if (stabilityOf(expr) !== 'stable') return null;
  switch (rel.op) {
    case 'get':
      return { get: rel, expr, optional: false };
    case 'project':
      return scanned(rel.input, through([expr], rel.exprs)[0] as Expr);
    case 'filter':
    case 'order':
      return scanned(rel.input, expr);
    case 'join': {
      if (within([expr], rel.left.width)) return scanned(rel.left, expr);
      if (!beyond([expr], rel.left.width)) return null;
      const found = scanned(rel.right, shifted(expr, rel.left.width));
      return found === null ? null : { ...found, optional: found.optional || rel.kind !== 'inner' };
    }
    default:
      return null;
  }
}
