import { unreachable } from '../core/errors.ts';
import type { ResultColumn, ResultSink } from '../warehouse/read-only-query.ts';
import { oneLine, TableLayout } from './text-table.ts';

export type ResultFormat = 'table' | 'json' | 'csv';

/** Takes a query's rows as they come and prints them; {@link end} prints what is left. */
export interface ResultPrinter extends ResultSink {
  end(): Promise<void>;
}

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*)$/;
/** So many rows of a table are held to find the widths of its columns; a column that needs more later is widened there. */
const LAYOUT_ROWS = 10_000;
/** Or so many characters, where rows are long. */
const LAYOUT_CHARACTERS = 16 << 20;
/** Lines are printed together until they have so many characters. */
const PRINT_CHARACTERS = 64 << 10;

/**
 * Rows as text, line by line: `json` is one array with an object a line, `csv` is RFC 4180 with a header line (null is an
 * empty field, an empty text `""`, lists are JSON), `table` is for eyes.
 *
 * @param print prints a line, or several lines in one text
 */
export function resultPrinter(format: ResultFormat, print: (text: string) => Promise<void>): ResultPrinter {
  switch (format) {
    case 'json':
      return jsonPrinter(print);
    case 'csv':
      return csvPrinter(print);
    case 'table':
      return tablePrinter(print);
    default:
      return unreachable(format);
  }
}

function jsonPrinter(print: (text: string) => Promise<void>): ResultPrinter {
  let names: readonly string[] = [];
  let opening = '[';
  /** Printed when it is known whether a comma follows. */
  let held: string | null = null;
  return {
    columns: (columns) => void (names = uniqueNames(columns)),
    rows: (rows) =>
      printLines(
        rows.flatMap((row) => {
          const before = held;
          held = opening + JSON.stringify(Object.fromEntries(names.map((name, column) => [name, row[column]])));
          opening = ' ';
          return before === null ? [] : `${before},`;
        }),
        print,
      ),
    end: () => print(`${held ?? '['}]`),
  };
}

function csvPrinter(print: (text: string) => Promise<void>): ResultPrinter {
  return {
    columns: (columns) => print(uniqueNames(columns).map(csvField).join(',')),
    rows: (rows) =>
      printLines(
        rows.map((row) => row.map(csvField).join(',')),
        print,
      ),
    end: async () => {},
  };
}

function tablePrinter(print: (text: string) => Promise<void>): ResultPrinter {
  let layout = new TableLayout([]);
  let held: string[][] = [];
  let characters = 0;
  let count = 0;
  const flush = async (): Promise<void> => {
    const lines = layout.lines(held);
    held = [];
    characters = 0;
    await printLines(lines, print);
  };
  return {
    columns: (columns) => {
      const names = uniqueNames(columns);
      layout = new TableLayout(
        columns.map(({ type }, i) => ({ name: oneLine(names[i] as string), right: NUMERIC.test(type) })),
      );
    },
    rows: async (rows) => {
      count += rows.length;
      for (const row of rows) {
        const cells = row.map(tableCell);
        for (const cell of cells) characters += cell.length;
        held.push(cells);
        if (held.length >= LAYOUT_ROWS || characters >= LAYOUT_CHARACTERS) await flush();
      }
    },
    end: async () => {
      await flush();
      await print(`(${count} row${count === 1 ? '' : 's'})`);
    },
  };
}

/** A call of the system for each line of a large result would take most of the time. */
async function printLines(lines: readonly string[], print: (text: string) => Promise<void>): Promise<void> {
  let held: string[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    const text = held.join('\n');
    held = [];
    characters = 0;
    await print(text);
  };
  for (const line of lines) {
    held.push(line);
    characters += line.length;
    if (characters >= PRINT_CHARACTERS) await flush();
  }
  if (held.length > 0) await flush();
}

/** As DuckDB does for a table: the second `a` is `a_1`. */
function uniqueNames(columns: readonly ResultColumn[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let unique = name;
    for (let n = 1; taken.has(unique); n++) unique = `${name}_${n}`;
    taken.add(unique);
    return unique;
  });
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  const field = typeof value === 'string' ? value : JSON.stringify(value);
  return field === '' || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function tableCell(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}
