import { isUtf8 } from 'node:buffer';
import { Rejection } from './dead-letter-reasons.ts';
import type { AvroValue } from './avro-values.ts';
import { decimalText, parseDecimal, sizedBytes, unscaledBytes, unscaledOf } from './decimal-text.ts';
import type { ShapeField } from './record-shape.ts';
import { dateText, parseDate, parseTimestamp, timestampText } from './time-text.ts';
import { microsOf } from './write-value.ts';

/**
 * The canonical text of a message key: of one field its bare text (`123`, `berlin`), of several compact JSON
 * (`[123,"llm"]`) in which numbers and booleans are bare and all else are JSON strings. Whole numbers are exact at any
 * size; dates, timestamps and decimals have their JSON form.
 */
export function keyText(fields: readonly ShapeField[], values: readonly AvroValue[]): string {
  return joined(
    fields,
    fields.map((field, i) => partText(field, values[i] as AvroValue)),
  );
}

/** The same of values in their JSON form, as a query over the raw table gives them: a part's text is that form. */
export function keyTextOfJson(fields: readonly ShapeField[], values: readonly unknown[]): string {
  return joined(fields, values.map(String));
}

function joined(fields: readonly ShapeField[], parts: readonly string[]): string {
  if (parts.length === 1) return parts[0] as string;
  return `[${parts.map((part, i) => (isBare(fields[i] as ShapeField) ? part : JSON.stringify(part))).join(',')}]`;
}

/** The values of a canonical key text; null when the bytes are none (`0123`, `[1, "llm"]`, not UTF-8). */
export function parseKey(fields: readonly ShapeField[], bytes: Uint8Array): AvroValue[] | null {
  if (!isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const parts = fields.length === 1 ? [text] : splitParts(text);
  if (parts?.length !== fields.length) return null;
  const values: AvroValue[] = [];
  for (const [i, part] of parts.entries()) {
    const value = parsePart(fields[i] as ShapeField, part);
    if (value === null) return null;
    values.push(value);
  }
  return keyText(fields, values) === text ? values : null;
}

/**
 * Holds a message key against the record's values. Throws a Rejection: missing_key (unless `optional`), bad_key,
 * key_mismatch.
 */
export function checkKey(
  fields: readonly ShapeField[],
  key: Uint8Array | null,
  values: Readonly<Record<string, AvroValue>>,
  optional: boolean,
): void {
  if (key === null) {
    if (optional) return;
    throw new Rejection('missing_key', `the record has no key; it should be ${textOf(fields, values)}`);
  }
  const expected = textOf(fields, values);
  if (Buffer.from(expected).equals(key)) return;
  if (parseKey(fields, key) === null) throw badKey(fields, key);
  throw new Rejection('key_mismatch', `the key says ${Buffer.from(key).toString()}, the value ${expected}`);
}

/** The rejection of a key that is not canonical. */
export function badKey(fields: readonly ShapeField[], key: Uint8Array): Rejection {
  const shown = Buffer.from(key.subarray(0, 100)).toString();
  const form = fields.length === 1 ? 'the bare text' : 'compact JSON';
  return new Rejection(
    'bad_key',
    `the key ${JSON.stringify(shown)} is not ${form} of ${fields.map(({ name }) => name).join(', ')}`,
  );
}

function textOf(fields: readonly ShapeField[], values: Readonly<Record<string, AvroValue>>): string {
  return keyText(
    fields,
    fields.map((field) => values[field.name] as AvroValue),
  );
}

/** Whether a part stands in JSON without quotes. */
function isBare({ column }: ShapeField): boolean {
  return ['bigint', 'integer', 'boolean'].includes(column.type.kind);
}

function partText({ type, column }: ShapeField, value: AvroValue): string {
  switch (column.type.kind) {
    case 'date':
      return dateText(value as number);
    case 'timestamp':
      return timestampText(microsOf(type, value, ''));
    case 'decimal':
      return decimalText(unscaledOf(value as Uint8Array), column.type.scale);
    default:
      return `${value as string | number | bigint | boolean}`;
  }
}

function parsePart({ type, column }: ShapeField, text: string): AvroValue {
  switch (column.type.kind) {
    case 'integer':
    case 'bigint': {
      if (!/^-?\d{1,19}$/.test(text)) return null;
      const value = BigInt(text);
      const bits = column.type.kind === 'integer' ? 32 : 64;
      if (BigInt.asIntN(bits, value) !== value) return null;
      return bits === 32 ? Number(value) : value;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : null;
    case 'date':
      return parseDate(text);
    case 'timestamp': {
      const micros = parseTimestamp(text);
      if (micros === null) return null;
      return 'logical' in type && type.logical?.name === 'timestamp-millis' ? micros / 1000n : micros;
    }
    case 'decimal': {
      const unscaled = parseDecimal(text, column.type.scale);
      if (unscaled === null || decimalText(unscaled, 0).length > column.type.precision + 1) return null;
      return type.kind === 'fixed' ? sizedBytes(unscaled, type.size) : unscaledBytes(unscaled);
    }
    default:
      return type.kind === 'enum' && !type.symbols.includes(text) ? null : text;
  }
}

/** The parts of `[1,"a"]` as texts, strings unescaped; numbers stay text, which JSON.parse would round. */
function splitParts(text: string): string[] | null {
  if (!text.startsWith('[') || !text.endsWith(']')) return null;
  const parts: string[] = [];
  const pattern = /("(?:[^"\\]|\\.)*"|[^",[\]\s]+)(,|$)/y;
  const inner = text.slice(1, -1);
  while (pattern.lastIndex < inner.length) {
    const match = pattern.exec(inner);
    if (match === null) return null;
    const part = match[1] as string;
    try {
      parts.push(part.startsWith('"') ? (JSON.parse(part) as string) : part);
    } catch {
      return null;
    }
  }
  return parts;
}
