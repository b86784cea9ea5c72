import { argumentsOf, refs } from './expressions.ts';
import type { Expr, Get, Join, Project, Rel } from './plan-tree.ts';

/**
 * The columns of each scan that can matter to the result, by the scan's id: those that reach the output, and those that
 * conditions, keys and sides of joins read. A change in any other column of the table touches nothing.
 */
export function columnsRead(root: Rel): Map<number, Set<string>> {
  const read = new Map<number, Set<string>>();
  visitNeeded(root, (rel, want) => {
    if (rel.op === 'get') add(rel, want, read);
  });
  return read;
}

/** Tells of each scan, join and projection, in every place where it is read, which columns of its output are needed. */
export function visitNeeded(root: Rel, see: SeeNeeded): void {
  need(root, all(root.width), see);
}

type SeeNeeded = (rel: Get | Join | Project, want: ReadonlySet<number>) => void;

function all(width: number): Set<number> {
  return new Set(Array.from({ length: width }, (_, i) => i));
}

/** Adds what is needed of a tree when the columns `want` of its output are. */
function need(rel: Rel, want: ReadonlySet<number>, see: SeeNeeded): void {
  switch (rel.op) {
    case 'get':
      return see(rel, want);
    case 'values':
      return;
    case 'project':
      see(rel, want);
      return need(rel.input, refs(...picked(rel.exprs, want)), see);
    case 'filter':
      return need(rel.input, union(want, refs(...rel.predicates)), see);
    case 'aggregate': {
      const { keys, aggregates } = rel;
      const wanted = aggregates.filter((_, i) => want.has(keys.length + i)).flatMap(argumentsOf);
      return need(rel.input, refs(...keys, ...wanted), see);
    }
    case 'window': {
      const { width } = rel.input;
      const calls = rel.functions.filter((_, i) => want.has(width + i)).map(({ call }) => call);
      return need(rel.input, union(below(want, width), refs(...calls)), see);
    }
    case 'unnest':
      return need(rel.input, union(below(want, rel.input.width), refs(...rel.exprs)), see);
    case 'distinct':
      if (rel.on === null) return need(rel.input, all(rel.width), see);
      return need(rel.input, union(want, refs(...rel.on, ...rel.order)), see);
    case 'order':
      // The order itself is no part of a relation.
      return need(rel.input, want, see);
    case 'set': {
      const wanted = rel.kind === 'union' && rel.all ? want : all(rel.width);
      return rel.inputs.forEach((input) => need(input, wanted, see));
    }
    case 'opaque':
      return rel.inputs.forEach((input) => need(input, all(input.width), see));
    case 'join': {
      see(rel, want);
      const { left, right, equalities, residual, kind } = rel;
      const wanted = union(want, refs(...residual));
      const rightWanted =
        kind === 'semi' || kind === 'anti' || kind === 'mark'
          ? above(refs(...residual), left.width)
          : above(wanted, left.width);
      need(left, union(below(wanted, left.width), refs(...equalities.map((one) => one.left))), see);
      need(right, union(rightWanted, refs(...equalities.map((one) => one.right))), see);
    }
  }
}

function add(get: Get, want: ReadonlySet<number>, read: Map<number, Set<string>>): void {
  const columns = read.get(get.id) ?? new Set();
  for (const index of want) if (get.columns[index] !== undefined) columns.add(get.columns[index]);
  read.set(get.id, columns);
}

function picked(exprs: readonly Expr[], want: ReadonlySet<number>): Expr[] {
  return exprs.filter((_, i) => want.has(i));
}

function union(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  return new Set([...a, ...b]);
}

function below(columns: ReadonlySet<number>, width: number): Set<number> {
  return new Set([...columns].filter((index) => index < width));
}

/** Columns from `width` on, counted from there. */
function above(columns: ReadonlySet<number>, width: number): Set<number> {
  return new Set([...columns].filter((index) => index >= width).map((index) => index - width));
}
