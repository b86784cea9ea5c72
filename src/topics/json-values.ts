import { LensError, messageOf } from '../core/errors.ts';
import { type AvroValue, ValueReader } from './avro-values.ts';
import { Rejection } from './dead-letter-reasons.ts';
import { fromJson } from './json-form.ts';
import { AvroRecordEncoder } from './record-encoder.ts';
import type { RecordShape } from './record-shape.ts';
import { WIRE_HEADER } from './wire-format.ts';

/**
 * Values of a topic with `format: json`: JSON objects by field of the newest schema, in the JSON forms of docs/topics.md. Fields that the
 * schema does not have are passed over, missing ones take their default, or null. Each record is written as Avro and read back, so that
 * what is right and what is not is the same in both formats.
 */
export class JsonValues {
  readonly #shape: RecordShape;
  readonly #encoder: AvroRecordEncoder;
  readonly #reader: ValueReader;

  constructor(shape: RecordShape) {
    const newest = shape.contract.versions.at(-1)?.schema;
    this.#shape = shape;
    this.#encoder = new AvroRecordEncoder(shape, 0);
    this.#reader = new ValueReader(newest, newest);
  }

  /** Throws a Rejection: undecodable. */
  read(bytes: Uint8Array): Record<string, AvroValue> {
    const given = objectOf(bytes);
    const values: Record<string, unknown> = {};
    try {
      for (const { name, avro, column } of this.#shape.fields)
        values[name] = fromJson(avro.type, given[column.name], column.name, 'passed over');
      const { value } = this.#encoder.record(values);
      return this.#reader.read(value, WIRE_HEADER, value.length);
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      throw new Rejection('undecodable', error.message);
    }
  }
}

/** The JSON object that bytes are, whole numbers beyond 2^53 as texts. Throws a Rejection: undecodable. */
export function objectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), exact);
  } catch (error) {
    throw new Rejection('undecodable', `the value is not JSON: ${messageOf(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Rejection('undecodable', 'the value is not a JSON object');
  }
  return parsed as Record<string, unknown>;
}

/** JSON.parse gives a reviver the text of a primitive as its third argument. */
function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const text = context?.source;
  const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded && text !== undefined && /^-?\d+$/.test(text) ? text : value;
}
