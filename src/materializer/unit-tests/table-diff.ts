/** A cell as DuckDB prints it; null for null. */
export type Cell = string | null;
export type Row = readonly Cell[];

/** Unchanged rows that are shown beside a change. */
const CONTEXT = 1;

interface Line {
  readonly mark: '' | '+++' | '---' | '→';
  readonly cells: readonly string[];
}

/**
 * How actual rows differ from the expected ones, whatever their order, in the form in which dbt shows it (that of daff): `+++` a row
 * too many, `---` one that is missing, `→` one of which cells differ, as `expected→actual`. Null when they are the same.
 */
export function tableDiff(columns: readonly string[], expected: readonly Row[], actual: readonly Row[]): string | null {
  const left = new Map<string, number>();
  for (const row of expected) left.set(keyOf(row), (left.get(keyOf(row)) ?? 0) + 1);
  const same: Row[] = [];
  const more: Row[] = [];
  for (const row of actual) {
    const count = left.get(keyOf(row)) ?? 0;
    if (count > 0) left.set(keyOf(row), count - 1);
    (count > 0 ? same : more).push(row);
  }
  const missing = expected.filter((row) => {
    const count = left.get(keyOf(row)) ?? 0;
    if (count > 0) left.set(keyOf(row), count - 1);
    return count > 0;
  });
  if (more.length === 0 && missing.length === 0) return null;
  return printed(columns, inOrder(same, more, missing));
}

/** All rows in order, changed ones as one line where some of their cells are the same. */
function inOrder(same: readonly Row[], more: readonly Row[], missing: readonly Row[]): Line[] {
  const lines: { row: Row; line: Line }[] = same.map((row) => ({ row, line: { mark: '', cells: row.map(shown) } }));
  const rest = [...missing];
  for (const row of more) {
    const at = closest(row, rest);
    if (at < 0) {
      lines.push({ row, line: { mark: '+++', cells: row.map(shown) } });
      continue;
    }
    const [before] = rest.splice(at, 1) as [Row];
    const cells = row.map((cell, i) =>
      cell === before[i] ? shown(cell) : `${shown(before[i] ?? null)}→${shown(cell)}`,
    );
    lines.push({ row, line: { mark: '→', cells } });
  }
  for (const row of rest) lines.push({ row, line: { mark: '---', cells: row.map(shown) } });
  return moreFirst(lines.sort((a, b) => compare(a.row, b.row)).map(({ line }) => line));
}

/** Between rows that are on both sides daff shows those that are too many, then those that are missing. */
function moreFirst(lines: readonly Line[]): Line[] {
  const ordered: Line[] = [];
  const missing: Line[] = [];
  for (const line of lines) {
    if (line.mark === '---') missing.push(line);
    else {
      if (line.mark !== '+++') ordered.push(...missing.splice(0));
      ordered.push(line);
    }
  }
  return [...ordered, ...missing];
}

/** The row that shares the most cells with this one, half of them at least and the first among them; -1 when there is none. */
function closest(row: Row, others: readonly Row[]): number {
  const equal = (other: Row): number => row.filter((cell, i) => cell !== null && cell === other[i]).length;
  let best = -1;
  let most = 0;
  for (const [at, other] of others.entries()) {
    const count = equal(other);
    if (count <= most || count * 2 < row.length || row[0] !== other[0]) continue;
    [best, most] = [at, count];
  }
  return best;
}

function printed(columns: readonly string[], lines: readonly Line[]): string {
  const changed = lines.map(({ mark }) => mark !== '');
  const near = (at: number): boolean => changed.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(Boolean);
  const table: string[][] = [['@@', ...columns]];
  for (const [at, { mark, cells }] of lines.entries()) {
    if (near(at)) table.push([mark, ...cells]);
    else if (table.at(-1)?.[0] !== '...') table.push(['...', ...columns.map(() => '...')]);
  }
  const widths = ['', ...columns].map((_, i) => Math.max(...table.map((row) => Array.from(row[i] as string).length)));
  return table
    .map((row) =>
      row.map((cell, i) =>
        i === columns.length ? cell : cell + ' '.repeat((widths[i] as number) - Array.from(cell).length),
      ),
    )
    .map((cells) => cells.join(','))
    .join('\n');
}

function shown(cell: Cell): string {
  return cell ?? 'null';
}

function keyOf(row: Row): string {
  return JSON.stringify(row);
}

/** Numbers by their size, all else as text. */
function compare(a: Row, b: Row): number {
  for (const [i, cell] of a.entries()) {
    const other = b[i] ?? null;
    if (cell === other) continue;
    if (cell === null || other === null) return cell === null ? 1 : -1;
    const size = Number(cell) - Number(other);
    if (!Number.isNaN(size) && size !== 0) return size;
    return cell < other ? -1 : 1;
  }
  return 0;
}
