export interface TextColumn {
  readonly name: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

/** Aligned columns under their names with two spaces between, one line a row, no trailing spaces. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  return new TableLayout(columns).lines(rows).join('\n');
}

/** A table whose rows come in parts: the first part says how wide the columns are, a later one may widen them. */
export class TableLayout {
  readonly #columns: readonly TextColumn[];
  readonly #widths: number[];
  #headed = false;

  constructor(columns: readonly TextColumn[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ name }) => name.length);
  }

  /** The lines of the next rows, below the names of the columns the first time. */
  lines(rows: readonly (readonly string[])[]): string[] {
    for (const row of rows) {
      for (const i of this.#widths.keys()) this.#widths[i] = Math.max(this.#widths[i] as number, (row[i] ?? '').length);
    }
    const lines = rows.map((row) => this.#line(row));
    if (this.#headed) return lines;
    this.#headed = true;
    return [this.#line(this.#columns.map(({ name }) => name)), ...lines];
  }

  #line(cells: readonly string[]): string {
    return this.#columns
      .map(({ right }, i) => {
        const cell = cells[i] ?? '';
        const width = this.#widths[i] as number;
        return right === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  }
}
