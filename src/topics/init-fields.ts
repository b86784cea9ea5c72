import { parseDate, parseTimestamp } from './time-text.ts';

/** A field of a schema that is to be written. */
export interface DraftField {
  readonly name: string;
  /** The Avro type without null. */
  readonly type: unknown;
  readonly nullable: boolean;
  /** Why the type is a guess; null when it is not. */
  readonly doubt: string | null;
}

export interface Draft {
  readonly fields: readonly DraftField[];
  /** What could not become a field, with the reason. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

const TIMESTAMP = { type: 'long', logicalType: 'timestamp-micros' };
const DATE = { type: 'int', logicalType: 'date' };

/** The fields of JSON objects, from the values of a sample. A field that is missing or null in one of them is nullable. */
export function fieldsOfJson(samples: readonly Readonly<Record<string, unknown>>[]): Draft {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  const fields: DraftField[] = [];
  const left: { name: string; why: string }[] = [];
  for (const name of names) {
    const values = samples.map((sample) => sample[name]).filter((value) => value !== null && value !== undefined);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      left.push({ name, why: 'cannot be the name of an Avro field' });
      continue;
    }
    const type = values.length === 0 ? null : typeOf(values);
    if (values.length === 0) {
      fields.push({ name, type: 'string', nullable: true, doubt: 'null in every record: its type is not known' });
    } else if (type === null) left.push({ name, why: whyNot(values) });
    else fields.push({ name, type, nullable: values.length < samples.length, doubt: null });
  }
  return { fields, left };
}

function typeOf(values: readonly unknown[]): unknown {
  const all = (has: (value: unknown) => boolean): boolean => values.every(has);
  if (all((value) => typeof value === 'boolean')) return 'boolean';
  if (all((value) => Number.isSafeInteger(value) || isLargeInteger(value))) {
    return values.some((value) => typeof value === 'number') ? 'long' : 'string';
  }
  if (all((value) => typeof value === 'number')) return 'double';
  if (all((value) => typeof value === 'string')) {
    const texts = values as readonly string[];
    if (texts.every((text) => /^\d{4}-\d\d-\d\d$/.test(text) && parseDate(text) !== null)) return DATE;
    if (texts.every((text) => /^\d{4}-\d\d-\d\d[T ]/.test(text) && parseTimestamp(text) !== null)) return TIMESTAMP;
    return 'string';
  }
  if (all(Array.isArray)) {
    const items = (values as readonly (readonly unknown[])[]).flat();
    const type = items.length === 0 ? 'string' : items.includes(null) ? null : typeOf(items);
    return typeof type === 'string' ? { type: 'array', items: type } : null;
  }
  return null;
}

/** A whole number beyond 2^53, which json-values.ts gives as text. */
function isLargeInteger(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d{16,19}$/.test(value);
}

function whyNot(values: readonly unknown[]): string {
  const kinds = new Set(values.map((value) => (Array.isArray(value) ? 'array' : typeof value)));
  return kinds.size > 1 ? `is sometimes ${[...kinds].join(', sometimes ')}` : `is an ${[...kinds][0]}`;
}

/** Types of columns as yml files and dbt's seeds name them. A type that is not known is a text, with a doubt. */
export function fieldOfType(name: string, type: string | null, nullable: boolean): DraftField {
  const plain = (type ?? '').toLowerCase().replaceAll(/\s+/g, ' ').trim();
  const known = TYPES.find(([pattern]) => pattern.test(plain))?.[1];
  const [, precision, scale] = /^(?:decimal|numeric)\((\d+)(?:, ?(\d+))?\)$/.exec(plain) ?? [];
  if (precision !== undefined) {
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: Number(precision), scale: Number(scale ?? 0) };
    return { name, type: decimal, nullable, doubt: null };
  }
  if (known !== undefined) return { name, type: known, nullable, doubt: null };
  const doubt = type === null ? 'its type is not declared' : `no Avro type for ${type}`;
  return { name, type: 'string', nullable, doubt };
}

const TYPES: readonly (readonly [RegExp, unknown])[] = [
  [/^(integer|int|int4|smallint|tinyint)$/, 'int'],
  [/^(bigint|int8|long)$/, 'long'],
  [/^(float8|double|double precision)$/, 'double'],
  [/^(float|float4|real)$/, 'float'],
  [/^(boolean|bool)$/, 'boolean'],
  [/^date$/, DATE],
  [/^(timestamp|datetime)( without time zone)?$/, TIMESTAMP],
  [/^(text|string|varchar|char)(\(\d+\))?$/, 'string'],
  [/^(blob|bytea|bytes)$/, 'bytes'],
];
