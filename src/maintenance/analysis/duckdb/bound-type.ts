/** A type or value as DuckDB serializes it. */
export interface BoundType {
  readonly id: string;
  readonly type_info: Readonly<Record<string, unknown>> | null;
}

export interface BoundValue {
  readonly type: BoundType;
  readonly is_null: boolean;
  readonly value?: unknown;
}

/** Thrown where SQL cannot give something back: the expression is then kept without text. */
export class NoText extends Error {}

/** A bound type as SQL. Throws {@link NoText}. */
export function typeText({ id, type_info: info }: BoundType): string {
  const part = (name: string): BoundType => info?.[name] as BoundType;
  switch (id) {
    case 'DECIMAL':
      return `DECIMAL(${Number(info?.['width'])},${Number(info?.['scale'])})`;
    case 'LIST':
      return `${typeText(part('child_type'))}[]`;
    case 'ARRAY':
      return `${typeText(part('child_type'))}[${Number(info?.['size'])}]`;
    case 'STRUCT': {
      const fields = info?.['child_types'] as readonly { first: string; second: BoundType }[];
      return `STRUCT(${fields.map(({ first, second }) => `"${first.replaceAll('"', '""')}" ${typeText(second)}`).join(', ')})`;
    }
    case 'STRING_LITERAL':
      return 'VARCHAR';
    case 'INTEGER_LITERAL':
      return 'INTEGER';
    case 'NULL':
    case 'SQLNULL':
      return '"NULL"';
    case 'MAP':
    case 'ENUM':
    case 'UNION':
    case 'AGGREGATE_STATE':
    case 'LAMBDA':
    case 'ANY':
    case 'UNKNOWN':
    case 'INVALID':
      throw new NoText(`type ${id}`);
    default:
      return id.includes(' ') ? id : id.replaceAll('_', ' ');
  }
}

/** A type for people and comparisons; never throws. */
export function typeName(type: BoundType | null | undefined): string {
  if (type === null || type === undefined) return 'unknown';
  try {
    return typeText(type);
  } catch {
    return `${type.id} ${JSON.stringify(type.type_info)}`;
  }
}

const NUMBERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'INTEGER_LITERAL',
]);

/** A constant as SQL, with its type. Throws {@link NoText}. */
export function valueText(constant: BoundValue): string {
  const { type, value } = constant;
  const { id } = type;
  if (constant.is_null) return id === 'NULL' || id === 'SQLNULL' ? 'NULL' : `CAST(NULL AS ${typeText(type)})`;
  if (NUMBERS.has(id)) {
    // Beyond 2^53 the JSON number has lost digits on its way.
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new NoText(`constant ${String(value)}`);
    return `CAST(${value} AS ${typeText(type)})`;
  }
  switch (id) {
    case 'BOOLEAN':
      return value === true ? 'true' : 'false';
    case 'VARCHAR':
    case 'STRING_LITERAL':
      if (typeof value !== 'string') throw new NoText('a text that is not UTF-8');
      return `'${value.replaceAll("'", "''")}'`;
    case 'DATE':
      if (typeof value !== 'number') throw new NoText('date');
      return `(DATE '1970-01-01' + CAST(${value} AS INTEGER))`;
    case 'TIMESTAMP':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new NoText('timestamp');
      return `make_timestamp(CAST(${value} AS BIGINT))`;
    case 'DECIMAL': {
      const scale = Number(type.type_info?.['scale']);
      const unscaled = wholeOf(value);
      const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
      const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
      return `CAST('${unscaled < 0n ? '-' : ''}${text}' AS ${typeText(type)})`;
    }
    case 'HUGEINT':
      return `CAST('${wholeOf(value)}' AS HUGEINT)`;
    case 'DOUBLE':
    case 'FLOAT':
      if (typeof value !== 'number') throw new NoText('a number that is not finite');
      return `CAST('${value}' AS ${id})`;
    case 'INTERVAL': {
      const { months, days, micros, msecs } = value as Record<string, number | undefined>;
      return `(to_months(CAST(${months ?? 0} AS INTEGER)) + to_days(CAST(${days ?? 0} AS INTEGER)) + to_microseconds(CAST(${micros ?? msecs ?? 0} AS BIGINT)))`;
    }
    default:
      throw new NoText(`constant of type ${id}`);
  }
}

/** A whole number, or a 128-bit one in two halves. */
function wholeOf(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  const halves = value as { upper?: unknown; lower?: unknown } | null;
  if (typeof halves?.upper === 'number' && typeof halves.lower === 'number') {
    if (!Number.isSafeInteger(halves.upper) || !Number.isSafeInteger(halves.lower))
      throw new NoText('128-bit constant');
    return (BigInt(halves.upper) << 64n) + BigInt(halves.lower);
  }
  throw new NoText(`constant ${JSON.stringify(value)}`);
}
