import { unreachable } from '../core/errors.ts';
import type { QueryResult } from '../materializer/operations.ts';
import { textTable } from './text-table.ts';

export type ResultFormat = 'table' | 'json' | 'csv';

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*)$/;

/**
 * A query's rows as text, line by line: `json` is one array with an object a line, `csv` is RFC 4180 with a header
 * line (null is an empty field, an empty text `""`, lists are JSON), `table` is for eyes.
 */
export function* formatResult(result: QueryResult, format: ResultFormat): Generator<string> {
  const names = uniqueNames(result.columns.map(({ name }) => name));
  switch (format) {
    case 'json': {
      const last = result.rows.length - 1;
      if (last < 0) yield '[]';
      for (const [i, row] of result.rows.entries()) {
        const object = Object.fromEntries(names.map((name, column) => [name, row[column]]));
        yield `${i === 0 ? '[' : ' '}${JSON.stringify(object)}${i === last ? ']' : ','}`;
      }
      return;
    }
    case 'csv':
      yield names.map(csvField).join(',');
      for (const row of result.rows) yield row.map(csvField).join(',');
      return;
    case 'table':
      yield textTable(
        result.columns.map(({ type }, i) => ({ name: names[i] as string, right: NUMERIC.test(type) })),
        result.rows.map((row) => row.map(tableCell)),
      );
      yield `(${result.rows.length} row${result.rows.length === 1 ? '' : 's'})`;
      return;
    default:
      unreachable(format);
  }
}

/** As DuckDB does for a table: the second `a` is `a_1`. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
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

/** Line ends would break the table: they are shown as JSON shows them. */
function tableCell(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const cell = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\r\n\t]/.test(cell) ? JSON.stringify(cell).slice(1, -1) : cell;
}
