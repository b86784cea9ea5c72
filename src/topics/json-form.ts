import { LensError } from '../core/errors.ts';
import type { AvroRecord, AvroType } from './avro-schema.ts';
import type { AvroFields, AvroValue } from './avro-values.ts';
import { decimalText, unscaledOf } from './decimal-text.ts';
import { nonNull } from './record-shape.ts';
import { dateText, parseDate, parseTimestamp, timestampText } from './time-text.ts';
import { microsOf } from './write-value.ts';

/**
 * A decoded value as JSON: dates and timestamps ISO 8601 in UTC, decimals as strings, bytes in base64, whole numbers
 * beyond 2^53 - 1 and numbers that are not finite as strings.
 */
export function toJson(type: AvroType, value: AvroValue): unknown {
  if (value === null) return null;
  const { type: inner } = nonNull(type);
  switch (inner.kind) {
    case 'int':
      return inner.logical === undefined ? value : dateText(value as number);
    case 'long':
      if (inner.logical !== undefined) return timestampText(microsOf(inner, value, ''));
      return Number.isSafeInteger(Number(value)) ? Number(value) : `${value as number | bigint}`;
    case 'float':
    case 'double':
      return Number.isFinite(Number(value)) ? Number(value) : `${value as number | bigint}`;
    case 'bytes':
    case 'fixed':
      if (inner.logical?.name === 'decimal') return decimalText(unscaledOf(value as Uint8Array), inner.logical.scale);
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'array':
      return (value as AvroValue[]).map((item) => toJson(inner.items, item));
    case 'record': {
      const entries = inner.fields.map(({ name, type: own }) => [
        name,
        toJson(own, (value as AvroFields)[name] as AvroValue),
      ]);
      return Object.fromEntries(entries) as unknown;
    }
    default:
      return value;
  }
}

/**
 * A JSON value as the encoder takes it (see RecordEncoder). INPUT_INVALID naming the field and what was expected;
 * what the encoder refuses by itself passes.
 *
 * @param path for the message, `topic.field`
 * @param unknown what becomes of fields of a record within that its schema does not have
 */
export function fromJson(type: AvroType, json: unknown, path: string, unknown: 'refused' | 'passed over'): unknown {
  const { type: inner, nullable } = nonNull(type);
  if (json === null || json === undefined) {
    if (json === null && !nullable) throw wrong(path, json, 'a value: the field is not nullable');
    return json;
  }
  switch (inner.kind) {
    case 'int':
      return inner.logical === undefined ? json : dayFrom(json, path);
    case 'long':
      return inner.logical === undefined ? wholeFrom(json, path) : instantFrom(inner.logical.name, json, path);
    case 'float':
    case 'double':
      return json === 'NaN' || json === 'Infinity' || json === '-Infinity' ? Number(json) : json;
    case 'bytes':
    case 'fixed':
      return inner.logical?.name === 'decimal' ? decimalFrom(json, path) : bytesFrom(json, path);
    case 'array':
      if (!Array.isArray(json)) throw wrong(path, json, 'an array');
      return json.map((item, i) => fromJson(inner.items, item, `${path}[${i}]`, unknown));
    case 'record':
      return recordFrom(inner, json, path, unknown);
    default:
      return json;
  }
}

function recordFrom(
  { fields }: AvroRecord,
  json: unknown,
  path: string,
  unknown: 'refused' | 'passed over',
): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(path, json, 'an object of fields');
  const given = json as Readonly<Record<string, unknown>>;
  const extra = Object.keys(given).find((name) => fields.every((field) => field.name !== name));
  if (unknown === 'refused' && extra !== undefined) {
    throw wrong(path, json, `of the fields ${fields.map(({ name }) => name).join(', ')}: "${extra}" is none of them`);
  }
  return Object.fromEntries(
    fields.map(({ name, type }) => [name, fromJson(type, given[name], `${path}.${name}`, unknown)]),
  );
}

function dayFrom(json: unknown, path: string): number {
  const days = typeof json === 'string' ? parseDate(json) : null;
  if (days === null) throw wrong(path, json, 'an ISO 8601 date, as "2026-11-24"');
  return days;
}

function instantFrom(unit: string, json: unknown, path: string): bigint {
  const micros = typeof json === 'string' ? parseTimestamp(json) : null;
  if (micros === null) throw wrong(path, json, 'an ISO 8601 timestamp, as "2026-11-24T10:00:00.123456Z"');
  if (unit === 'timestamp-micros') return micros;
  if (micros % 1000n !== 0n) throw wrong(path, json, 'a timestamp of whole milliseconds');
  return micros / 1000n;
}

function wholeFrom(json: unknown, path: string): number | bigint {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return json;
  if (typeof json === 'string' && /^-?\d{1,19}$/.test(json)) return BigInt(json);
  throw wrong(path, json, 'a whole number (beyond 2^53 as a string)');
}

function decimalFrom(json: unknown, path: string): unknown {
  if (typeof json === 'string' || typeof json === 'number') return json;
  throw wrong(path, json, 'a decimal, as "12.3400"');
}

function bytesFrom(json: unknown, path: string): Uint8Array {
  if (typeof json === 'string') {
    const bytes = Buffer.from(json, 'base64');
    if (bytes.toString('base64') === json) return bytes;
  }
  throw wrong(path, json, 'base64');
}

function wrong(path: string, json: unknown, expected: string): LensError {
  return new LensError('INPUT_INVALID', `${path}: ${JSON.stringify(json).slice(0, 100)} is not ${expected}`, {
    hint: 'the forms of values in JSON are in docs/topics.md',
  });
}
