import type { AggregateCall, Call, Expr, Ref, Rel, Stability } from './plan-tree.ts';

export function ref(index: number, type: string): Ref {
  return { kind: 'ref', index, type };
}

/** The columns an expression reads. */
export function refs(...exprs: readonly Expr[]): Set<number> {
  const found = new Set<number>();
  const visit = (expr: Expr): void => {
    if (expr.kind === 'ref') found.add(expr.index);
    else expr.args.forEach(visit);
  };
  exprs.forEach(visit);
  return found;
}

/** Replaces each column by what `by` gives for it. */
export function substitute(expr: Expr, by: (column: Ref) => Expr): Expr {
  if (expr.kind === 'ref') return by(expr);
  return { ...expr, args: expr.args.map((arg) => substitute(arg, by)) };
}

/** The same expression over columns that start `by` places earlier. */
export function shifted(expr: Expr, by: number): Expr {
  return by === 0 ? expr : substitute(expr, (column) => ref(column.index - by, column.type));
}

/** A text that is equal for expressions that always give the same value. */
export function identityOf(expr: Expr): string {
  if (expr.kind === 'ref') return `#${expr.index}`;
  return `${expr.identity}(${expr.args.map(identityOf).join(',')})`;
}

const WHOLE = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'];

/** Without casts to wider whole numbers, which keep every value and so every equality. */
export function withoutWidening(expr: Expr): Expr {
  if (expr.kind !== 'call' || expr.fn !== 'cast') return expr;
  const [inner] = expr.args as readonly [Expr];
  const [from, to] = [WHOLE.indexOf(inner.type), WHOLE.indexOf(expr.type)];
  return from >= 0 && to >= from ? withoutWidening(inner) : expr;
}

/** Whether two expressions over the same columns are equal whenever either is compared, widening casts aside. */
export function sameValue(a: Expr, b: Expr): boolean {
  return identityOf(withoutWidening(a)) === identityOf(withoutWidening(b));
}

/** Functions and operators that give null wherever an argument is null. */
const NULL_OF_A_NULL = new Set(
  'cast + - * lower upper trim ltrim rtrim left right substring substr date_trunc date_part year quarter month day strftime'.split(
    ' ',
  ),
);

/** Whether an expression is null where all its columns are: what a missing side of an outer join makes of it. */
export function isNullOfNulls(expr: Expr): boolean {
  if (expr.kind === 'ref') return true;
  return expr.fn === 'coalesce'
    ? expr.args.every(isNullOfNulls)
    : NULL_OF_A_NULL.has(expr.fn) && expr.args.some(isNullOfNulls);
}

/** The parts of a conjunction. */
export function conjuncts(exprs: readonly Expr[]): Expr[] {
  return exprs.flatMap((expr) => (expr.kind === 'call' && expr.fn === 'and' ? conjuncts(expr.args) : [expr]));
}

/** The least stable thing in an expression. */
export function stabilityOf(expr: Expr): Stability {
  if (expr.kind === 'ref') return 'stable';
  return worst([expr.stability, ...expr.args.map(stabilityOf)]);
}

function worst(all: readonly Stability[]): Stability {
  return all.includes('volatile') ? 'volatile' : all.includes('clock') ? 'clock' : 'stable';
}

/** The operators right below. */
export function inputsOf(rel: Rel): readonly Rel[] {
  switch (rel.op) {
    case 'get':
    case 'values':
      return [];
    case 'join':
      return [rel.left, rel.right];
    case 'set':
    case 'opaque':
      return rel.inputs;
    default:
      return [rel.input];
  }
}

/** The same operator over others: as many, in the order of {@link inputsOf}. */
export function withInputs(rel: Rel, inputs: readonly Rel[]): Rel {
  const [first, second] = inputs as readonly [Rel, Rel];
  switch (rel.op) {
    case 'get':
    case 'values':
      return rel;
    case 'join':
      return { ...rel, left: first, right: second };
    case 'set':
    case 'opaque':
      return { ...rel, inputs };
    default:
      return { ...rel, input: first };
  }
}

/** Every operator, from the top. A part that is read several times is visited once. */
export function operators(root: Rel): Rel[] {
  const seen = new Set<Rel>();
  const visit = (rel: Rel): void => {
    if (seen.has(rel)) return;
    seen.add(rel);
    inputsOf(rel).forEach(visit);
  };
  visit(root);
  return [...seen];
}

/** All expressions of one operator. */
function expressionsOf(rel: Rel): Expr[] {
  switch (rel.op) {
    case 'project':
    case 'unnest':
      return [...rel.exprs];
    case 'filter':
      return [...rel.predicates];
    case 'join':
      return [...rel.equalities.flatMap(({ left, right }) => [left, right]), ...rel.residual];
    case 'aggregate':
      return [...rel.keys, ...rel.aggregates.flatMap(argumentsOf)];
    case 'window':
      return rel.functions.map(({ call }) => call);
    case 'distinct':
      return [...(rel.on ?? []), ...rel.order];
    default:
      return [];
  }
}

/** All expressions of an aggregate, in the order of its `parts`. */
export function argumentsOf({ args, order, filter }: AggregateCall): Expr[] {
  return [...args, ...order, ...(filter === null ? [] : [filter])];
}

/** Every function called in a tree, with its name. */
export function callsOf(root: Rel): Call[] {
  const found: Call[] = [];
  const visit = (expr: Expr): void => {
    if (expr.kind === 'ref') return;
    found.push(expr);
    expr.args.forEach(visit);
  };
  for (const rel of operators(root)) expressionsOf(rel).forEach(visit);
  return found;
}
