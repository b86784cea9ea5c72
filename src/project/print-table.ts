import { Float } from '../core/numbers.ts';
import { text, type Value } from './jinja/values.ts';
import type { RelationColumn } from './project-contract.ts';

/** How much of a table is printed; null is no limit. */
export interface PrintLimits {
  readonly rows: number | null;
  readonly columns: number | null;
  readonly width: number | null;
}

/** agate's, which dbt's `print_table()` has without arguments. */
export const PRINT_LIMITS: PrintLimits = { rows: 20, columns: 6, width: 20 };

const MORE = '...';
/** Digits behind the point that are shown. */
const PLACES = 3;
const TEXT = /^(?:VARCHAR|ENUM|UUID|JSON)/;
const DECIMALS = /^(?:DECIMAL|DOUBLE|FLOAT)/;

/** A table as agate prints it, without the last line break: agate's table/print_table.py with the number formats of en_US. */
export function printedTable(
  columns: readonly RelationColumn[],
  rows: readonly (readonly Value[])[],
  limits: PrintLimits,
): string {
  const shown = columns.slice(0, limits.columns ?? columns.length);
  const cut = (cell: string): string =>
    limits.width !== null && lengthOf(cell) > limits.width
      ? Array.from(cell)
          .slice(0, limits.width - MORE.length)
          .join('') + MORE
      : cell;
  const first = rows.slice(0, limits.rows ?? rows.length);
  const formats = shown.map(({ type }, at) => (DECIMALS.test(type) ? decimals(first.map((row) => row[at])) : text));
  const more = shown.length < columns.length ? [MORE] : [];
  const lines = [
    [...shown.map(({ name }) => cut(name)), ...more],
    ...first.map((row) => [
      ...formats.map((format, at) => (row[at] === null || row[at] === undefined ? '' : cut(format(row[at])))),
      ...more,
    ]),
  ];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => lengthOf(line[at] ?? '')))) ?? [];
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, at) => {
      const blanks = ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(cell)));
      return TEXT.test(columns[at]?.type ?? '') ? cell + blanks : blanks + cell;
    });
    return `| ${padded.join(' | ')} |`;
  };
  const [head = [], ...body] = lines;
  const rest = first.length < rows.length ? [line(head.map(() => MORE))] : [];
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line), ...rest].join(
    '\n',
  );
}

/** In characters, as Python counts: 🤷 is one. */
function lengthOf(cell: string): number {
  return Array.from(cell).length;
}

/** All with as many digits as the one with the most, and a sign for what is left out. */
function decimals(values: readonly (Value | undefined)[]): (value: Value) => string {
  const most = Math.max(0, ...values.map((value) => fractionOf(value ?? null).length));
  const digits = Math.min(most, PLACES);
  const numbers = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    roundingMode: 'halfEven',
  });
  return (value) => numbers.format(numberOf(value) as Intl.StringNumericLiteral) + (most > PLACES ? '…' : '');
}

function numberOf(value: Value): string {
  return value instanceof Float ? String(value.value) : text(value);
}

/** Digits behind the point without zeros at the end. */
function fractionOf(value: Value): string {
  return (numberOf(value).split('.')[1] ?? '').replace(/0+$/, '');
}
