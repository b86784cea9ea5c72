import type { Expr } from './plan-tree.ts';

/** An expression as SQL, with columns named as told; null where SQL cannot give it back. */
export function textOf(expr: Expr, column: (index: number) => string): string | null {
  if (expr.kind === 'ref') return column(expr.index);
  if (expr.parts === null) return null;
  let text = expr.parts[0] ?? '';
  for (const [i, arg] of expr.args.entries()) {
    const inner = textOf(arg, column);
    if (inner === null) return null;
    text += inner + (expr.parts[i + 1] ?? '');
  }
  return text;
}

/** An expression over a row `i` for people: without the row's name and the quotes of names that SQL writes. */
export function plainText(sql: string): string {
  return sql.replaceAll(/\bi\."((?:[^"]|"")+)"/g, '$1').replaceAll(/"(\w+)"\(/g, '$1(');
}
