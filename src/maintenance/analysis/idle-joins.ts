import { visitNeeded } from './columns-read.ts';
import { inputsOf, withInputs } from './expressions.ts';
import type { Join, Rel } from './plan-tree.ts';
import { isLookup, type TableKeys, uniqueKeys } from './unique-keys.ts';

/**
 * The tree without what neither adds nor drops rows nor gives a column that is needed: the right sides of lookups (left joins
 * by a unique key, scalar subqueries, IN as a value) of which nothing is read. Constants of the same width stand in for them,
 * so that all columns keep their places.
 */
export function withoutIdleJoins(root: Rel, keysOf: TableKeys): Rel {
  let tree = root;
  // What an idle join compares may be all that another one is needed for.
  for (;;) {
    const idle = idleJoins(tree, keysOf);
    if (idle.size === 0) return tree;
    tree = emptied(tree, idle, new Map());
  }
}

function idleJoins(root: Rel, keysOf: TableKeys): Set<Join> {
  const idle = new Set<Join>();
  const needed = new Set<Join>();
  visitNeeded(root, (rel, want) => {
    if (rel.op !== 'join' || rel.right.op === 'values') return;
    const keepsLeft = rel.kind === 'left' || rel.kind === 'single' || rel.kind === 'mark';
    const read = [...want].some((column) => column >= rel.left.width);
    const lookup = keepsLeft && (rel.kind === 'mark' || isLookup(rel, uniqueKeys(rel.right, keysOf)));
    (lookup && !read ? idle : needed).add(rel);
  });
  // A part that is read in several places is idle when it is in all of them.
  return new Set([...idle].filter((join) => !needed.has(join)));
}

function emptied(rel: Rel, idle: ReadonlySet<Join>, done: Map<Rel, Rel>): Rel {
  const before = done.get(rel);
  if (before !== undefined) return before;
  const inputs = inputsOf(rel).map((input) => emptied(input, idle, done));
  const same = withInputs(rel, inputs);
  const after = same.op === 'join' && idle.has(rel as Join) ? { ...same, ...nothing(same) } : same;
  done.set(rel, after);
  return after;
}

/** The right side of an idle join, and what it compares. */
function nothing({ right }: Join): Pick<Join, 'right' | 'equalities' | 'residual'> {
  return { right: { op: 'values', width: right.width, sql: null, single: true }, equalities: [], residual: [] };
}
