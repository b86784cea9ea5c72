import { localityOf, type Locality } from './analysis/locality.ts';
import type { Rel } from './analysis/plan-tree.ts';
import type { UniqueKey } from './analysis/unique-keys.ts';

/** Output columns by name and type, in order. */
export type OutputColumns = readonly { readonly name: string; readonly type: string }[];

/**
 * The key by which a model is redone: output columns for which the fewest inputs have to be read whole; then one that is
 * unique, so that no more rows than necessary are redone; then the fewest lookups.
 *
 * @param declared the `unique_key`, which need not be true
 */
export function chooseKey(
  tree: Rel,
  columns: OutputColumns,
  unique: readonly UniqueKey[],
  declared: readonly string[],
): Locality | null {
  const positions = declared.map((name) => columns.findIndex((column) => column.name === name));
  const keys = unique.filter((key) => key.size > 0).map((key) => [...key].sort((a, b) => a - b));
  const candidates: number[][] = [...keys];
  if (positions.length > 0 && !positions.includes(-1)) candidates.push(positions);
  candidates.push(...keys.filter((key) => key.length > 1).flatMap((key) => key.map((column) => [column])));
  candidates.push(...columns.map((_, i) => [i]));
  const types = columns.map((column) => column.type);
  let best: { score: readonly number[]; locality: Locality } | null = null;
  for (const [rank, key] of candidates.entries()) {
    const locality = localityOf(tree, key, types);
    const whole = new Set([...locality.whole.keys()].map((get) => get.table)).size;
    // All keys are unique before `keys.length`; any single column comes last.
    const score = [whole, rank < keys.length ? 0 : 1, locality.domains.length, rank];
    if (best === null || smaller(score, best.score)) best = { score, locality };
  }
  return best?.locality ?? null;
}

function smaller(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && (a[at] as number) < (b[at] as number);
}
