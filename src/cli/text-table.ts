export interface TextColumn {
  readonly name: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

/** Aligned columns under their names with two spaces between, one line a row, no trailing spaces. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ name }, i) =>
    rows.reduce((most, row) => Math.max(most, (row[i] ?? '').length), name.length),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right }, i) => {
        const cell = cells[i] ?? '';
        return right === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ name }) => name)), ...rows.map(line)].join('\n');
}
