import { operators, ref } from './expressions.ts';
import { withoutIdleJoins } from './idle-joins.ts';
import type { Rel } from './plan-tree.ts';
import type { TableKeys } from './unique-keys.ts';

/**
 * The output columns, by place, that the rows of a table bear on; null where they bear on which rows there are. Each column by itself: what
 * is read of a tree for some columns is what is read for any of them.
 */
export function columnsAltered(tree: Rel, table: string, keysOf: TableKeys): number[] | null {
  const readFor = (columns: readonly number[]): boolean => {
    const exprs = columns.map((column) => ref(column, ''));
    const needed = withoutIdleJoins({ op: 'project', input: tree, exprs, width: exprs.length }, keysOf);
    return operators(needed).some((rel) => rel.op === 'get' && rel.table === table);
  };
  if (readFor([])) return null;
  return Array.from({ length: tree.width }, (_, column) => column).filter((column) => readFor([column]));
}
