import { replaced } from './aggregate-parts.ts';
import { conjuncts, inputsOf, withoutWidening } from './expressions.ts';
import type { Expr, Join, Rel } from './plan-tree.ts';

/** Columns of a stored table that are never null. */
export type NeverNullColumns = (table: string) => readonly string[];

const COMPARISONS = new Set(['=', '<>', '<', '>', '<=', '>=', 'is not null']);

/** The columns of a tree's output that are never null, whichever rows of the tables it reads are there. */
export function neverNull(rel: Rel, ofTable: NeverNullColumns): ReadonlySet<number> {
  switch (rel.op) {
    case 'get':
      return new Set(ofTable(rel.table).map((column) => rel.columns.indexOf(column)));
    case 'project':
      return positions(rel.exprs, neverNull(rel.input, ofTable));
    case 'filter':
      return new Set([...neverNull(rel.input, ofTable), ...conjuncts(rel.predicates).flatMap(compared)]);
    case 'aggregate':
      return rel.sets.length === 1 ? positions(rel.keys, neverNull(rel.input, ofTable)) : new Set();
    case 'window':
    case 'unnest':
    case 'distinct':
    case 'order':
      return neverNull(rel.input, ofTable);
    case 'set': {
      const [first, ...others] = rel.inputs.map((input) => neverNull(input, ofTable)) as [ReadonlySet<number>];
      if (rel.kind !== 'union') return first;
      return new Set([...first].filter((column) => others.every((other: ReadonlySet<number>) => other.has(column))));
    }
    case 'join':
      return ofJoin(rel, ofTable);
    case 'opaque':
      return rel.why === 'limit' ? neverNull(rel.inputs[0] as Rel, ofTable) : new Set();
    case 'values':
      return new Set();
  }
}

/**
 * The tree with each IN as a value marked that cannot be null, since neither side can: then it depends on the rows of the
 * other side that match, and on no others. `x not in (select y ...)` is such a value.
 */
export function withCertainMarks(root: Rel, ofTable: NeverNullColumns): Rel {
  const by = new Map<Rel, Rel>();
  /** @param dropped columns whose nulls a filter above drops, so that the mark of such rows does not matter */
  const visit = (rel: Rel, dropped: readonly number[]): void => {
    const isMark = rel.op === 'join' && rel.kind === 'mark';
    if (rel.op === 'filter') visit(rel.input, [...dropped, ...rel.predicates.flatMap(compared)]);
    else inputsOf(rel).forEach((input, side) => visit(input, isMark && side === 0 ? dropped : []));
    if (!isMark || !isCertain(rel, dropped, ofTable)) return;
    // Marks within its sides have been seen before.
    by.set(rel, { ...rel, left: replaced(rel.left, by), right: replaced(rel.right, by), byMatches: true });
  };
  visit(root, []);
  return by.size === 0 ? root : replaced(root, by);
}

function isCertain(
  { left, right, equalities, residual, correlated }: Join,
  dropped: readonly number[],
  ofTable: NeverNullColumns,
): boolean {
  if (correlated || residual.length > 0 || equalities.length === 0) return false;
  const ofLeft = new Set([...neverNull(left, ofTable), ...dropped]);
  const ofRight = neverNull(right, ofTable);
  return equalities.every((one) => isNeverNull(one.left, ofLeft) && isNeverNull(one.right, ofRight));
}

function ofJoin({ kind, left, right, equalities }: Join, ofTable: NeverNullColumns): Set<number> {
  if (kind === 'full') return new Set();
  const found = new Set(neverNull(left, ofTable));
  const plain = equalities.filter((one) => !one.nullSafe);
  if (kind === 'inner' || kind === 'semi') for (const one of plain) columnsOf(one.left).forEach((c) => found.add(c));
  if (kind === 'inner') {
    const onRight = [...neverNull(right, ofTable), ...plain.flatMap((one) => columnsOf(one.right))];
    for (const column of onRight) found.add(column + left.width);
  }
  return found;
}

/** Columns that a predicate drops the nulls of. */
function compared(predicate: Expr): number[] {
  if (predicate.kind !== 'call' || !COMPARISONS.has(predicate.fn)) return [];
  return predicate.args.flatMap(columnsOf);
}

/** The column an expression is, widening casts aside. */
function columnsOf(expr: Expr): number[] {
  const plain = withoutWidening(expr);
  return plain.kind === 'ref' ? [plain.index] : [];
}

function isNeverNull(expr: Expr, columns: ReadonlySet<number>): boolean {
  const plain = withoutWidening(expr);
  if (plain.kind === 'ref') return columns.has(plain.index);
  return plain.fn === 'coalesce' && plain.args.some((arg) => isNeverNull(arg, columns));
}

function positions(exprs: readonly Expr[], columns: ReadonlySet<number>): Set<number> {
  return new Set(exprs.flatMap((expr, at) => (isNeverNull(expr, columns) ? [at] : [])));
}
