import { conjuncts, ref, refs, shifted, stabilityOf, substitute } from '../expressions.ts';
import { through } from '../lookup-paths.ts';
import type { Equality, Expr, Filter, Join, Rel } from '../plan-tree.ts';

/** An inequality between the sides, over the columns of both. */
export function compared(left: Expr, right: Expr, comparison: string, leftWidth: number): Expr {
  const operator = {
    COMPARE_LESSTHAN: '<',
    COMPARE_GREATERTHAN: '>',
    COMPARE_LESSTHANOREQUALTO: '<=',
    COMPARE_GREATERTHANOREQUALTO: '>=',
    COMPARE_NOTEQUAL: '<>',
    COMPARE_DISTINCT_FROM: 'is distinct from',
  }[comparison];
  const args = [left, substitute(right, (column) => ref(column.index + leftWidth, column.type))];
  const parts = operator === undefined ? null : ['(', ` ${operator} `, ')'];
  return {
    kind: 'call',
    fn: operator ?? comparison,
    args,
    type: 'BOOLEAN',
    parts,
    identity: `? ${comparison} ?`,
    stability: 'stable',
  };
}

/** Adds conditions to a join; those that equate the two sides become equalities. */
export function withConditions(join: Join, conditions: readonly Expr[], split: boolean): Join {
  const equalities = [...join.equalities];
  const residual = [...join.residual];
  for (const condition of conjuncts(conditions)) {
    const equality = split ? equalityOf(condition, join.left.width) : null;
    if (equality === null) residual.push(condition);
    else equalities.push(equality);
  }
  return { ...join, equalities, residual };
}

/** A condition over both sides' columns as an equality of one side with the other, if it is one. */
function equalityOf(condition: Expr, leftWidth: number): Equality | null {
  if (condition.kind !== 'call' || (condition.fn !== '=' && condition.fn !== 'is not distinct from')) return null;
  const [a, b] = condition.args as [Expr, Expr];
  const side = (expr: Expr): 'left' | 'right' | null => {
    const columns = [...refs(expr)];
    if (columns.length === 0) return null;
    if (columns.every((index) => index < leftWidth)) return 'left';
    return columns.every((index) => index >= leftWidth) ? 'right' : null;
  };
  const nullSafe = condition.fn === 'is not distinct from';
  if (side(a) === 'left' && side(b) === 'right') return { left: a, right: shifted(b, leftWidth), nullSafe };
  if (side(a) === 'right' && side(b) === 'left') return { left: b, right: shifted(a, leftWidth), nullSafe };
  return null;
}

/** WHERE over inner joins: its equalities between the sides belong to the joins (comma joins, decorrelated subqueries). */
export function filtered(filter: Filter): Rel {
  let input = withPositiveMark(filter);
  const rest: Expr[] = [];
  for (const predicate of filter.predicates) {
    const joined = intoJoin(input, predicate);
    if (joined === null) rest.push(predicate);
    else input = joined;
  }
  return rest.length === 0 ? input : { ...filter, input, predicates: rest };
}

/** A mark join whose mark is one of the predicates and read by no other. */
function withPositiveMark({ input, predicates }: Filter): Rel {
  if (input.op !== 'join' || input.kind !== 'mark') return input;
  const mark = input.width - 1;
  const isMark = (expr: Expr): boolean => expr.kind === 'ref' && expr.index === mark;
  const others = predicates.filter((expr) => !isMark(expr));
  return { ...input, byMatches: predicates.some(isMark) && !others.some((expr) => refs(expr).has(mark)) };
}

/** Through projections and filters, since DuckDB decorrelates below them: `where c.id = outer.id` of a view's rows. */
function intoJoin(rel: Rel, condition: Expr): Rel | null {
  if (rel.op === 'project' || rel.op === 'filter') {
    const inner = rel.op === 'filter' ? condition : through([condition], rel.exprs)[0];
    const input = inner === undefined || stabilityOf(inner) !== 'stable' ? null : intoJoin(rel.input, inner);
    return input === null ? null : { ...rel, input };
  }
  if (rel.op !== 'join' || rel.kind !== 'inner' || rel.correlated || rel.nearest) return null;
  const equality = equalityOf(condition, rel.left.width);
  if (equality !== null) return { ...rel, equalities: [...rel.equalities, equality] };
  const columns = [...refs(condition)];
  if (columns.length === 0) return null;
  if (columns.every((index) => index < rel.left.width)) {
    const left = intoJoin(rel.left, condition);
    return left === null ? null : { ...rel, left };
  }
  if (columns.every((index) => index >= rel.left.width)) {
    const right = intoJoin(rel.right, shifted(condition, rel.left.width));
    return right === null ? null : { ...rel, right };
  }
  return null;
}
