import { visitNeeded } from './columns-read.ts';
import { inputsOf, stabilityOf, withInputs } from './expressions.ts';
import type { Expr, Project, Rel } from './plan-tree.ts';

/**
 * The tree with NULL in place of what gives another value each time in columns that nothing reads: the age in days that a view
 * computes for others says nothing about a model that does without it.
 */
export function withoutUnreadCalls(root: Rel): Rel {
  const read = new Map<Project, Set<number>>();
  visitNeeded(root, (rel, want) => {
    if (rel.op === 'project') read.set(rel, new Set([...(read.get(rel) ?? []), ...want]));
  });
  const unread = [...read].flatMap(([rel, wanted]) => {
    const exprs = rel.exprs.map((expr, at) =>
      wanted.has(at) || stabilityOf(expr) === 'stable' ? expr : nothing(expr),
    );
    return exprs.some((expr, at) => expr !== rel.exprs[at]) ? [[rel, exprs] as const] : [];
  });
  return unread.length === 0 ? root : exchanged(root, new Map(unread), new Map());
}

function exchanged(rel: Rel, by: ReadonlyMap<Rel, readonly Expr[]>, done: Map<Rel, Rel>): Rel {
  const before = done.get(rel);
  if (before !== undefined) return before;
  const inputs = inputsOf(rel).map((input) => exchanged(input, by, done));
  const after = withInputs(rel, inputs);
  const exprs = by.get(rel);
  const whole = after.op === 'project' && exprs !== undefined ? { ...after, exprs } : after;
  done.set(rel, whole);
  return whole;
}

function nothing({ type }: Expr): Expr {
  const text = `cast(null as ${type})`;
  return { kind: 'call', fn: 'constant', args: [], type, parts: [text], identity: text, stability: 'stable' };
}
