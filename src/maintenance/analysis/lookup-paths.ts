import { identityOf, ref, refs, sameValue, shifted, stabilityOf, substitute, withoutWidening } from './expressions.ts';
import type { Equality, Expr, Get, Join, Rel } from './plan-tree.ts';

/** A stored table whose rows carry both the values looked up (`own`) and those they lead to (`leadsTo`). */
export interface Hop {
  readonly get: Get;
  /** Over the scan's columns. */
  readonly own: readonly Expr[];
  readonly leadsTo: readonly Expr[];
}

/** One step of a path: any of its hops may hold the row (the branches of a union). */
export type Step = readonly Hop[];

/**
 * The scans whose rows all rows of a tree carry the expressions from: one a branch of a union, with the expressions over
 * its columns. Null when some rows take them from elsewhere. `present`: only rows in which the expressions are not null
 * matter, so that the null-extended rows of a left join may be forgotten.
 */
export function trace(
  rel: Rel,
  exprs: readonly Expr[],
  present: boolean,
): { get: Get; exprs: readonly Expr[] }[] | null {
  if (exprs.some((expr) => refs(expr).size === 0 || stabilityOf(expr) !== 'stable')) return null;
  switch (rel.op) {
    case 'get':
      return [{ get: rel, exprs }];
    case 'project':
      return trace(rel.input, through(exprs, rel.exprs), present);
    case 'filter':
    case 'order':
    case 'distinct':
      return trace(rel.input, exprs, present);
    case 'aggregate':
      if (rel.sets.length !== 1 || !within(exprs, rel.keys.length)) return null;
      return trace(rel.input, through(exprs, rel.keys), present);
    case 'window':
    case 'unnest':
      return within(exprs, rel.input.width) ? trace(rel.input, exprs, present) : null;
    case 'set': {
      const branches = (rel.kind === 'union' ? rel.inputs : rel.inputs.slice(0, 1)).map((one) =>
        trace(one, exprs, present),
      );
      return branches.some((branch) => branch === null) ? null : branches.flatMap((branch) => branch ?? []);
    }
    case 'opaque':
      return rel.why === 'limit' ? trace(rel.inputs[0] as Rel, exprs, present) : null;
    case 'join':
      return traceJoin(rel, exprs, present);
    case 'values':
      return null;
  }
}

function traceJoin(
  join: Join,
  exprs: readonly Expr[],
  present: boolean,
): { get: Get; exprs: readonly Expr[] }[] | null {
  const { left, right, equalities, kind } = join;
  if (kind === 'full') return null;
  const width = left.width;
  const inner = kind === 'inner';
  const toLeft = exprs.map((expr) =>
    inner || (present && isColumn(expr)) ? (equalTo(expr, equalities, width, 'left') ?? expr) : expr,
  );
  if (within(toLeft, width)) {
    const found = trace(left, toLeft, present);
    if (found !== null) return found;
  }
  if (!inner) return null;
  const toRight = exprs.map((expr) => equalTo(expr, equalities, width, 'right') ?? expr);
  return beyond(toRight, width)
    ? trace(
        right,
        toRight.map((expr) => shifted(expr, width)),
        present,
      )
    : null;
}

/** An expression of one side by its equal of the other side (`side`), over the join's columns. */
export function equalTo(
  expr: Expr,
  equalities: readonly Equality[],
  leftWidth: number,
  side: 'left' | 'right',
): Expr | null {
  for (const { left, right } of equalities) {
    const wide = substitute(right, (column) => ref(column.index + leftWidth, column.type));
    if (side === 'left' && beyond([expr], leftWidth) && sameValue(expr, wide)) return left;
    if (side === 'right' && within([expr], leftWidth) && sameValue(expr, left)) return wide;
  }
  return null;
}

/**
 * Lookups that lead from values of `from` to values of `to`, both over a tree's columns: the steps in their order, each
 * with the values it starts from. Null when there is no such way.
 *
 * @param present only rows in which `to` is not null matter
 * @param nullsLead nulls of `from` are looked up, too
 */
export function lookupPath(
  rel: Rel,
  from: readonly Expr[],
  to: readonly Expr[],
  present: boolean,
  nullsLead: boolean,
): Step[] | null {
  const direct = trace(rel, [...from, ...to], present && !nullsLead);
  if (direct !== null) {
    return [
      direct.map(({ get, exprs }) => ({ get, own: exprs.slice(0, from.length), leadsTo: exprs.slice(from.length) })),
    ];
  }
  switch (rel.op) {
    case 'project':
      return lookupPath(rel.input, through(from, rel.exprs), through(to, rel.exprs), present, nullsLead);
    case 'filter':
    case 'order':
    case 'distinct':
      return lookupPath(rel.input, from, to, present, nullsLead);
    case 'window':
      return within([...from, ...to], rel.input.width) ? lookupPath(rel.input, from, to, present, nullsLead) : null;
    case 'aggregate':
      if (rel.sets.length !== 1 || !within([...from, ...to], rel.keys.length)) return null;
      return lookupPath(rel.input, through(from, rel.keys), through(to, rel.keys), present, nullsLead);
    case 'join':
      return pathOverJoin(rel, from, to, present, nullsLead);
    default:
      return null;
  }
}

function pathOverJoin(
  join: Join,
  from: readonly Expr[],
  to: readonly Expr[],
  present: boolean,
  nullsLead: boolean,
): Step[] | null {
  const { left, right, equalities, kind } = join;
  if (kind !== 'inner' && kind !== 'left' && kind !== 'single') return null;
  const width = left.width;
  const inner = kind === 'inner';
  // Where the right row is missing its columns are null, but an expression need not be.
  const fromRight = inner || (!nullsLead && from.every(isColumn));
  const toRight = inner || (present && to.every(isColumn));
  const down = (exprs: readonly Expr[]): Expr[] => exprs.map((expr) => shifted(expr, width));
  if (within([...from, ...to], width)) return lookupPath(left, from, to, present, nullsLead);
  if (beyond([...from, ...to], width)) {
    return fromRight && (inner || present) ? lookupPath(right, down(from), down(to), present, nullsLead) : null;
  }
  for (const equality of equalities) {
    let first: Step[] | null = null;
    let second: Step[] | null = null;
    if (beyond(from, width) && within(to, width) && fromRight) {
      first = lookupPath(right, down(from), [equality.right], !equality.nullSafe, nullsLead);
      second = lookupPath(left, [equality.left], to, present, equality.nullSafe);
    } else if (within(from, width) && beyond(to, width) && toRight) {
      first = lookupPath(left, from, [equality.left], !equality.nullSafe, nullsLead);
      second = lookupPath(right, [equality.right], down(to), present, equality.nullSafe);
    }
    if (first !== null && second !== null) return [...first, ...second];
  }
  return null;
}

/** Whether an expression is a plain column, widening casts aside: null where its row is missing. */
export function isColumn(expr: Expr): boolean {
  return withoutWidening(expr).kind === 'ref';
}

/** Expressions over a projection's output as expressions over its input. */
export function through(exprs: readonly Expr[], projected: readonly Expr[]): Expr[] {
  return exprs.map((expr) => substitute(expr, (column) => projected[column.index] as Expr));
}

/** Whether all columns of all expressions lie before `width`. */
export function within(exprs: readonly Expr[], width: number): boolean {
  return exprs.every((expr) => [...refs(expr)].every((index) => index < width));
}

/** Whether all columns of all expressions lie at `width` or behind. */
export function beyond(exprs: readonly Expr[], width: number): boolean {
  return exprs.every((expr) => [...refs(expr)].every((index) => index >= width));
}

/** Whether an expression is a plain column that is one of `among`. */
export function isAmong(expr: Expr, among: readonly Expr[]): boolean {
  return among.some((one) => identityOf(one) === identityOf(expr));
}
