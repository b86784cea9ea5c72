import { conjuncts, inputsOf, refs, shifted, stabilityOf, substitute } from './expressions.ts';
import type { Expr, Get, Join, Rel } from './plan-tree.ts';

/** Trees that read their parts in more ways than this are not followed: every row counts then. */
const MOST_VISITS = 1000;

/**
 * For each scan the conditions that its rows must meet to have any part in the result, over its columns: alternatives of
 * conjunctions, one a way in which it is read. A scan of which every row may count is not in it.
 */
export function ownConditions(root: Rel): Map<Get, readonly (readonly Expr[])[]> {
  const found = new Map<Get, (readonly Expr[])[]>();
  let visits = 0;
  const visit = (rel: Rel, conditions: readonly Expr[]): void => {
    if (++visits > MOST_VISITS) return;
    if (rel.op === 'get') found.set(rel, [...(found.get(rel) ?? []), conditions]);
    else for (const [i, input] of inputsOf(rel).entries()) visit(input, passedOn(rel, i, conditions));
  };
  visit(root, []);
  if (visits > MOST_VISITS) return new Map();
  return new Map([...found].filter(([, ways]) => ways.every((conditions) => conditions.length > 0)));
}

/** Conditions on an operator's output that rows of its i-th input must meet, and its own. */
function passedOn(rel: Rel, i: number, conditions: readonly Expr[]): Expr[] {
  switch (rel.op) {
    case 'filter': {
      const own = conjuncts(rel.predicates).filter((one) => stabilityOf(one) === 'stable');
      return [...conditions, ...own];
    }
    case 'project':
      return conditions.map((one) => substitute(one, (column) => rel.exprs[column.index] as Expr));
    case 'order':
      return [...conditions];
    case 'set':
      return rel.kind === 'union' ? [...conditions] : [];
    case 'join':
      return ofJoin(rel, i, conditions);
    default:
      return [];
  }
}

/** A row of the right side that is left out may leave a row of nulls in its place: only what the join itself asks counts. */
function ofJoin({ kind, left, residual }: Join, i: number, conditions: readonly Expr[]): Expr[] {
  const within = (expr: Expr): boolean => [...refs(expr)].every((column) => column < left.width === (i === 0));
  const some = (exprs: readonly Expr[]): Expr[] =>
    exprs.filter((one) => refs(one).size > 0 && within(one) && stabilityOf(one) === 'stable');
  if (kind === 'full') return [];
  if (i === 0) return [...some(conditions), ...(kind === 'inner' || kind === 'semi' ? some(residual) : [])];
  if (kind === 'mark' || kind === 'single') return [];
  const above = kind === 'inner' ? some(conditions) : [];
  return [...above, ...some(residual)].map((one) => shifted(one, left.width));
}
