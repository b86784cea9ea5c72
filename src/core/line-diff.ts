/** A line of two texts put side by side: in both, only in the first, or only in the second. */
export interface DiffLine {
  readonly side: ' ' | '-' | '+';
  readonly line: string;
}

/**
 * The shortest way from one list of lines to another (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986),
 * lines that go before those that come.
 */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  const [n, m] = [before.length, after.length];
  /** Of each diagonal `x - y`, the furthest x that so many edits reach; one map an edit, to go back by. */
  const steps: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  search: for (let edits = 0; edits <= n + m; edits++) {
    const next = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = comesDown(furthest, diagonal, edits)
        ? (furthest.get(diagonal + 1) ?? 0)
        : (furthest.get(diagonal - 1) ?? 0) + 1;
      while (x < n && x - diagonal < m && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= n && x - diagonal >= m) {
        steps.push(furthest);
        break search;
      }
    }
    steps.push(furthest);
    furthest = next;
  }
  return wayBack(before, after, steps);
}

/** Whether a diagonal is reached by a line that comes, and not by one that goes. */
function comesDown(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true;
  if (diagonal === edits) return false;
  return (furthest.get(diagonal - 1) ?? 0) < (furthest.get(diagonal + 1) ?? 0);
}

function wayBack(
  before: readonly string[],
  after: readonly string[],
  steps: readonly ReadonlyMap<number, number>[],
): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = steps.length - 1; edits >= 0; edits--) {
    const furthest = steps[edits] as ReadonlyMap<number, number>;
    const down = comesDown(furthest, x - y, edits);
    const diagonal = x - y + (down ? 1 : -1);
    const fromX = edits === 0 ? 0 : (furthest.get(diagonal) ?? 0);
    const fromY = edits === 0 ? 0 : fromX - diagonal;
    for (; x > fromX && y > fromY; y--) lines.push({ side: ' ', line: before[--x] ?? '' });
    if (edits === 0) break;
    if (down) lines.push({ side: '+', line: after[--y] ?? '' });
    else lines.push({ side: '-', line: before[--x] ?? '' });
  }
  return lines.toReversed();
}

/**
 * Two texts as a unified diff without its head: `@@ -from,lines +from,lines @@` and the lines around each change. Empty when they
 * are the same.
 *
 * @param context lines shown around a change
 */
export function unifiedDiff(before: string, after: string, context = 3): string {
  const lines = lineDiff(before.split('\n'), after.split('\n'));
  const changed = lines.flatMap(({ side }, at) => (side === ' ' ? [] : [at]));
  const hunks: { start: number; end: number }[] = [];
  for (const at of changed) {
    const [start, end] = [Math.max(0, at - context), Math.min(lines.length, at + context + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && start <= last.end) last.end = end;
    else hunks.push({ start, end });
  }
  return hunks.flatMap(({ start, end }) => [header(lines, start, end), ...body(lines, start, end)]).join('\n');
}

function header(lines: readonly DiffLine[], start: number, end: number): string {
  const count = (from: number, to: number, other: '+' | '-'): number =>
    lines.slice(from, to).filter(({ side }) => side !== other).length;
  const part = (other: '+' | '-'): string => {
    const length = count(start, end, other);
    // As diff -u has it: an empty piece stands behind the line before it.
    return `${count(0, start, other) + (length === 0 ? 0 : 1)}${length === 1 ? '' : `,${length}`}`;
  };
  return `@@ -${part('+')} +${part('-')} @@`;
}

function body(lines: readonly DiffLine[], start: number, end: number): string[] {
  return lines.slice(start, end).map(({ side, line }) => side + line);
}
