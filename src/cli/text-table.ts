import { displayWidth } from './display-width.ts';

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
    this.#widths = columns.map(({ name }) => displayWidth(name));
  }

  /** The lines of the next rows, below the names of the columns the first time. */
  lines(rows: readonly (readonly string[])[]): string[] {
    for (const row of rows) {
      for (const i of this.#widths.keys())
        this.#widths[i] = Math.max(this.#widths[i] as number, displayWidth(row[i] ?? ''));
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
        const space = ' '.repeat((this.#widths[i] as number) - displayWidth(cell));
        return right === true ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  }
}

/** A text in one line: control characters, which would break a table or a terminal, as JSON escapes them. */
export function oneLine(text: string): string {
  return text.replaceAll(CONTROL, (character) => ESCAPES[character] ?? `\\u${hex(character)}`);
}

/** The first line of a text of several, with what is left out as an ellipsis. */
export function firstLine(text: string): string {
  const [first = '', ...more] = text.split('\n');
  return oneLine(more.some((line) => line.trim() !== '') ? `${first.trimEnd()} ...` : first);
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, '0');
}
