import { bind, stringArgument, wholeArgument } from './jinja/arguments.ts';
import { Float } from '../core/numbers.ts';
import { fromJs, text, Thing, tuple, type Arguments, type Callable, type Value } from './jinja/values.ts';
import { PRINT_LIMITS, type PrintLimits, printedTable } from './print-table.ts';
import type { RelationColumn } from './project-contract.ts';
import { quoteIdentifier } from './relation-naming.ts';

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

// dbt's words for kinds of types, those of dbt-duckdb's column.py and dbt-adapters' base/column.py: `DECIMAL(9,2)` is none of them
const INTEGER = /^(?:u?(?:tiny|small|big)int|integer|uinteger|hugeint|int|int1|int2|int4|int8|short|signed|long)$/i;
const FLOAT = /^(?:real|float|float4|float8|double)$/i;
const NUMERIC = /^(?:numeric|decimal)$/i;
const STRING = /^(?:text|character varying|character|varchar)$/i;

/** A column of a relation: what of dbt's `Column` macros use. */
export function columnThing({ name, type }: RelationColumn): Thing {
  const [integer, float, numeric] = [INTEGER.test(type), FLOAT.test(type), NUMERIC.test(type)];
  const string = STRING.test(type);
  const is =
    (value: boolean): Callable =>
    () =>
      value;
  return new Thing(
    'column of a relation',
    {
      name,
      column: name,
      quoted: quoteIdentifier(name),
      dtype: type,
      data_type: string ? 'character varying(256)' : type,
      char_size: null,
      is_integer: is(integer),
      is_float: is(float),
      is_numeric: is(numeric),
      is_number: is(integer || float || numeric),
      is_string: is(string),
      string_size: () => 256,
    },
    { text: () => `<DuckDBColumn ${name} (${type})>` },
  );
}

/** `api.Column.translate_type('string')`: the adapter's word for a type. */
export const translateType: Callable = ({ positional }) => {
  const type = stringArgument('translate_type()', positional[0]);
  return TYPES[type.toUpperCase()] ?? type;
};

const TYPES: Readonly<Record<string, string>> = { STRING: 'TEXT' };
