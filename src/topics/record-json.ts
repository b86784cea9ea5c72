import { isUtf8 } from 'node:buffer';
import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import type { AvroValue } from './avro-values.ts';
import { Rejection } from './dead-letter-reasons.ts';
import { fromJson, toJson } from './json-form.ts';
import { parseKey } from './message-key.ts';
import type { RecordEncoder } from './record-encoder.ts';
import { readValues } from './record-reader.ts';
import type { RecordShape, ShapeField } from './record-shape.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** Records of a topic as JSON (the forms of values are in json-form.ts). */
export interface RecordJson {
  /**
   * @param key undefined: taken from the value; else a key field's value, or (several fields) an array or object of them
   * @param value null makes a tombstone, whose key must be given (null is a record without one)
   * @throws LensError INPUT_INVALID naming the field
   */
  encode(key: unknown, value: unknown): Promise<{ key: Uint8Array | null; value: Uint8Array | null }>;
  /**
   * What encode makes the same record of; bytes that are not decodable, or a key that is not canonical, come as base64
   * instead: `keyBase64` in place of `key`, `valueBase64` in place of `value`.
   */
  decode(key: Uint8Array | null, value: Uint8Array | null): DecodedRecord;
}

export interface DecodedRecord {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly keyBase64?: string;
  readonly valueBase64?: string;
}

export class ContractJson implements RecordJson {
  readonly #shape: RecordShape;
  readonly #schemas: WriterSchemas;
  readonly #open: () => Promise<RecordEncoder>;
  #encoder: Promise<RecordEncoder> | null = null;

  constructor(shape: RecordShape, schemas: WriterSchemas, open: () => Promise<RecordEncoder>) {
    this.#shape = shape;
    this.#schemas = schemas;
    this.#open = open;
  }

  async encode(key: unknown, value: unknown): Promise<{ key: Uint8Array | null; value: Uint8Array | null }> {
    this.#encoder ??= this.#open();
    const encoder = await this.#encoder;
    const given = key === undefined ? undefined : this.#keyBytes(encoder, key);
    if (value === null) {
      if (given === undefined) throw this.#invalid('a record without a value needs a key');
      return { key: given, value: null };
    }
    const avro = encoder.record(this.#values(value));
    // What was given is right, then.
    const isJson = this.#shape.contract.format === 'json';
    const record = isJson ? { key: avro.key, value: Buffer.from(JSON.stringify(value)) } : avro;
    return given === undefined ? record : { key: given, value: record.value };
  }

  decode(key: Uint8Array | null, value: Uint8Array | null): DecodedRecord {
    return { ...this.#decodeKey(key), ...this.#decodeValue(value) };
  }

  #decodeKey(key: Uint8Array | null): { key?: unknown; keyBase64?: string } {
    if (key === null) return { key: null };
    const fields = this.#shape.key;
    if (fields.length === 0) {
      return isUtf8(key) ? { key: Buffer.from(key).toString() } : { keyBase64: Buffer.from(key).toString('base64') };
    }
    const values = parseKey(fields, key);
    if (values !== null) {
      const parts = fields.map(({ type }, i) => toJson(type, values[i] as AvroValue));
      return { key: parts.length === 1 ? parts[0] : parts };
    }
    return { keyBase64: Buffer.from(key).toString('base64') };
  }

  #decodeValue(value: Uint8Array | null): { value?: unknown; valueBase64?: string } {
    if (value === null) return { value: null };
    try {
      const values = readValues(this.#schemas, value, 0, value.length);
      const entries = this.#shape.fields.map(({ name, avro, column }) => [
        column.name,
        toJson(avro.type, values[name] as AvroValue),
      ]);
      return { value: Object.fromEntries(entries) as unknown };
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      return { valueBase64: Buffer.from(value).toString('base64') };
    }
  }

  #values(json: unknown): Record<string, unknown> {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw this.#invalid('the value must be an object of fields, or null');
    }
    const names = this.#shape.fields.map((field) => field.column.name);
    for (const name of Object.keys(json)) {
      if (names.includes(name)) continue;
      const meant = closestName(name, names);
      throw this.#invalid(
        `there is no field "${name}"`,
        meant === undefined ? `fields: ${names.join(', ')}` : `did you mean ${meant}?`,
      );
    }
    const values: Record<string, unknown> = {};
    for (const field of this.#shape.fields)
      values[field.name] = this.#field(field, (json as Record<string, unknown>)[field.column.name]);
    return values;
  }

  #keyBytes(encoder: RecordEncoder, json: unknown): Uint8Array | null {
    const { key: fields, contract } = this.#shape;
    if (json === null) return null;
    if (fields.length === 0) {
      if (typeof json !== 'string') throw this.#invalid('a key here is a text: the topic declares no key');
      return Buffer.from(json);
    }
    const values: Record<string, unknown> = {};
    for (const [i, field] of fields.entries()) {
      const part = partOf(json, field, i, fields.length);
      if (part === undefined || part === null) {
        const form = fields.length === 1 ? `a ${(fields[0] as ShapeField).name}` : `[${contract.key.join(', ')}]`;
        throw this.#invalid(`the key ${JSON.stringify(json)} is not ${form}`);
      }
      values[field.name] = this.#field(field, part);
    }
    return encoder.tombstone(values).key;
  }

  #field({ column, avro, type }: ShapeField, json: unknown): unknown {
    const path = `${this.#shape.contract.name}.${column.name}`;
    const value = fromJson(avro.type, json, path, 'refused');
    // `0.5` and "0.50" are both fine; the encoder says what is not.
    return type.kind === 'int' && typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  }

  #invalid(problem: string, hint?: string): LensError {
    return new LensError('INPUT_INVALID', `${this.#shape.contract.name}: ${problem}`, { hint });
  }
}

/** The part of a key for one field: a bare value, an array by position or an object by name. */
function partOf(json: unknown, { column: { name } }: ShapeField, index: number, count: number): unknown {
  if (Array.isArray(json)) return json.length === count ? (json[index] as unknown) : undefined;
  if (typeof json === 'object' && json !== null) return (json as Record<string, unknown>)[name];
  return count === 1 ? json : undefined;
}
