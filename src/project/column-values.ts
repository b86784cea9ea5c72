import { bind, stringArgument, wholeArgument } from './jinja/arguments.ts';
import { repr, text, Thing, type Callable, type Value } from './jinja/values.ts';
import type { RelationColumn } from './project-contract.ts';
import { quoteIdentifier } from './relation-naming.ts';

// dbt's words for kinds of types, those of dbt-duckdb's column.py and dbt-adapters' base/column.py: `DECIMAL(9,2)` is none of them
const INTEGER = /^(?:u?(?:tiny|small|big)int|integer|uinteger|hugeint|int|int1|int2|int4|int8|short|signed|long)$/i;
const FLOAT = /^(?:real|float|float4|float8|double)$/i;
const NUMERIC = /^(?:numeric|decimal)$/i;
const STRING = /^(?:text|character varying|character|varchar)$/i;

/** What dbt's `Column` is made of. */
interface ColumnParts extends RelationColumn {
  readonly size?: number | null;
  readonly precision?: number | null;
  readonly scale?: number | null;
}

const stringType = (size: number): string => `character varying(${size})`;

/** dbt's `numeric(10,2)`, or the type alone without both of them. */
function numericType(type: string, precision: Value, scale: Value): string {
  return precision === null || scale === null ? type : `${type}(${text(precision)},${text(scale)})`;
}

/** A column of a relation: dbt's `Column`, as dbt-duckdb has it. */
export function columnThing({ name, type, size = null, precision = null, scale = null }: ColumnParts): Thing {
  const [integer, float, numeric] = [INTEGER.test(type), FLOAT.test(type), NUMERIC.test(type)];
  const string = STRING.test(type);
  const is =
    (value: boolean): Callable =>
    () =>
      value;
  const dataType = string ? stringType(size ?? 256) : numeric ? numericType(type, precision, scale) : type;
  return new Thing(
    'column of a relation',
    {
      name,
      column: name,
      quoted: quoteIdentifier(name),
      dtype: type,
      data_type: dataType,
      char_size: size,
      numeric_precision: precision,
      numeric_scale: scale,
      fields: [],
      is_integer: is(integer),
      is_float: is(float),
      is_numeric: is(numeric),
      is_number: is(integer || float || numeric),
      is_string: is(string),
      string_size: () => size ?? 256,
      ...STATIC,
    },
    {
      text: () =>
        `DuckDBColumn(column=${repr(name)}, dtype=${repr(type)}, char_size=${repr(size)}, ` +
        `numeric_precision=${repr(precision)}, numeric_scale=${repr(scale)}, fields=[])`,
    },
  );
}

const sizeOf = (value: Value | undefined): number | null =>
  value === undefined || value === null ? null : wholeArgument('api.Column', value);

const newColumn: Callable = (args) => {
  const given = bind('api.Column', args, ['column', 'dtype', 'char_size', 'numeric_precision', 'numeric_scale']);
  return columnThing({
    name: text(given.column ?? null),
    type: text(given.dtype ?? null),
    size: sizeOf(given.char_size),
    precision: sizeOf(given.numeric_precision),
    scale: sizeOf(given.numeric_scale),
  });
};

const TYPES: Readonly<Record<string, string>> = { STRING: 'TEXT' };

/** The adapter's word for a type. */
const translateType: Callable = ({ positional }) => {
  const type = stringArgument('translate_type()', positional[0]);
  return TYPES[type.toUpperCase()] ?? type;
};

/** What the class has, and each column by it. */
const STATIC: Readonly<Record<string, Callable>> = {
  translate_type: translateType,
  string_type: ({ positional }) => stringType(wholeArgument('string_type()', positional[0])),
  numeric_type: (args) => {
    const { dtype, precision, size } = bind('numeric_type', args, ['dtype', 'precision', 'size']);
    return numericType(text(dtype ?? null), precision ?? null, size ?? null);
  },
};

/** `api.Column`: called it makes a column, as `api.Column.create` does of a name and the word for a type. */
export const COLUMN_CLASS = new Thing(
  'api.Column',
  {
    ...STATIC,
    create: (args) => {
      const { name, label_or_dtype: label } = bind('api.Column.create', args, ['name', 'label_or_dtype']);
      const type = translateType({ positional: [label ?? null], named: new Map() });
      return columnThing({ name: text(name ?? null), type: text(type) });
    },
  },
  { call: newColumn },
);
