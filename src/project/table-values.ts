import { bind, wholeArgument } from './jinja/arguments.ts';
import { Float } from '../core/numbers.ts';
import { fromJs, text, Thing, tuple, type Arguments, type Callable, type Value } from './jinja/values.ts';
import { PRINT_LIMITS, type PrintLimits, printedTable } from './print-table.ts';
import type { RelationColumn } from './project-contract.ts';

/**
 * The result of a query as templates see it: what of agate's tables macros use.
 *
 * @param print where `print_table()` goes to; it says nothing without
 */
export function tableThing(
  {
    columns,
    rows,
  }: {
    readonly columns: readonly RelationColumn[];
    readonly rows: readonly (readonly unknown[])[];
  },
  print?: (text: string) => unknown,
): Thing {
  const names = columns.map(({ name }) => name);
  const float = columns.map(({ type }) => type === 'DOUBLE' || type === 'FLOAT');
  const values = rows.map((row) =>
    row.map((value, at) => (float[at] === true && typeof value === 'number' ? new Float(value) : fromJs(value))),
  );
  const rowThings = values.map((row) => sequence('row', names, row));
  const columnThings = columns.map(({ name }, at) => {
    const own = values.map((row) => row[at] ?? null);
    return new Thing('column', { name, values: () => tuple(...own) }, { items: own });
  });
  return new Thing(
    'table',
    {
      columns: sequence('columns', names, columnThings),
      rows: sequence('rows', [], rowThings),
      column_names: tuple(...names),
      print_table: (args) => {
        print?.(printedTable(columns, values, limitsOf(args)));
        return '';
      },
    },
    { items: rowThings },
  );
}

function limitsOf(args: Arguments): PrintLimits {
  const names = ['max_rows', 'max_columns', 'output', 'max_column_width', 'locale', 'max_precision'] as const;
  const given = bind('print_table', args, names);
  const limit = (value: Value | undefined, without: number | null): number | null =>
    value === undefined ? without : value === null ? null : wholeArgument('print_table()', value);
  return {
    rows: limit(given.max_rows, PRINT_LIMITS.rows),
    columns: limit(given.max_columns, PRINT_LIMITS.columns),
    width: limit(given.max_column_width, PRINT_LIMITS.width),
  };
}

/** A list whose entries have names, too. */
function sequence(kind: string, names: readonly string[], values: readonly Value[]): Thing {
  const own = Object.fromEntries(names.map((name, at): [string, Value] => [name, values[at] ?? null]));
  const get: Callable = ({ positional }) => own[text(positional[0] ?? null)] ?? positional[1] ?? null;
  return new Thing(
    kind,
    {
      keys: () => tuple(...names),
      values: () => tuple(...values),
      items: () => names.map((name, at) => tuple(name, values[at] ?? null)),
      dict: () => new Map<Value, Value>(Object.entries(own)),
      get,
      ...own,
    },
    { items: values },
  );
}
