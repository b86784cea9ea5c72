import { LensError } from '../core/errors.ts';
import type { AvroRecord, AvroType } from './avro-schema.ts';
import type { AvroValue } from './avro-values.ts';
import { ByteWriter } from './byte-writer.ts';
import { parseDecimal, parseShortDecimal, sizedBytes, unscaledBytes } from './decimal-text.ts';
import { keyText } from './message-key.ts';
import { nonNull, type RecordShape, type ShapeField } from './record-shape.ts';

/**
 * Makes records of a topic. Values by field: long a number or bigint, timestamps in the schema's own unit (number or
 * bigint), date days since 1970, decimal a string ("0.1234") or number, bytes a Uint8Array, an array number[] or any
 * other iterable, null or undefined where nullable; a missing field takes the schema's default.
 */
export interface RecordEncoder {
  /** INPUT_INVALID naming the field. Both buffers are the caller's. */
  record(value: Readonly<Record<string, unknown>>): { key: Uint8Array | null; value: Uint8Array };
  /** A record without a value, which deletes the row of this key (patch: this kind's columns). */
  tombstone(key: Readonly<Record<string, unknown>>): { key: Uint8Array; value: null };
}

type Write = (out: ByteWriter, value: unknown) => void;

export class AvroRecordEncoder implements RecordEncoder {
  readonly #shape: RecordShape;
  readonly #wireId: number;
  readonly #fields: readonly { readonly name: string; readonly fallback: unknown; readonly write: Write }[];
  readonly #keyIsNumber: boolean;
  readonly #out = new ByteWriter();

  constructor(shape: RecordShape, wireId: number) {
    this.#shape = shape;
    this.#wireId = wireId;
    const { name: topic } = shape.contract;
    this.#fields = shape.fields.map((field) => ({
      name: field.name,
      fallback: fallbackOf(field.type, field.avro.defaultValue),
      write: fieldWriter(field, `${topic}.${field.name}`),
    }));
    const [only] = shape.key;
    this.#keyIsNumber = shape.key.length === 1 && ['bigint', 'integer'].includes(only?.column.type.kind ?? '');
  }

  record(value: Readonly<Record<string, unknown>>): { key: Uint8Array | null; value: Uint8Array } {
    const out = this.#out;
    out.reset();
    out.byte(0);
    out.int32BigEndian(this.#wireId);
    for (const { name, fallback, write } of this.#fields) {
      const given = value[name];
      write(out, given === undefined ? fallback : given);
    }
    const bytes = out.take();
    return { key: this.#shape.key.length === 0 ? null : this.#key(value), value: bytes };
  }

  tombstone(key: Readonly<Record<string, unknown>>): { key: Uint8Array; value: null } {
    const { contract } = this.#shape;
    if (this.#shape.key.length === 0) throw invalid(contract.name, 'the topic has no key, so nothing can be deleted');
    // Written once for the checks of types and ranges.
    this.#out.reset();
    for (const { name, write } of this.#fields) if (contract.key.includes(name)) write(this.#out, key[name]);
    return { key: this.#key(key), value: null };
  }

  #key(value: Readonly<Record<string, unknown>>): Uint8Array {
    const { key } = this.#shape;
    if (this.#keyIsNumber) {
      this.#out.reset();
      this.#out.ascii(String(value[(key[0] as ShapeField).name]));
      return this.#out.take();
    }
    const values = key.map((field) => {
      const given = value[field.name];
      if (field.column.type.kind !== 'decimal') return given as AvroValue;
      return unscaledBytes(parseDecimal(String(given), field.column.type.scale) as bigint);
    });
    return Buffer.from(keyText(key, values));
  }
}

/** A default as JSON has it; a decimal's and bytes' text stands for bytes (Avro: one character, one byte). */
function fallbackOf(type: AvroType, defaultValue: unknown): unknown {
  if (typeof defaultValue !== 'string' || (type.kind !== 'bytes' && type.kind !== 'fixed')) return defaultValue;
  return Buffer.from(defaultValue, 'latin1');
}

function fieldWriter({ type, nullable, nullBranch }: ReturnType<typeof nonNull>, path: string): Write {
  const write = valueWriter(type, path);
  if (!nullable) return write;
  const [none, some] = [nullBranch * 2, 2 - nullBranch * 2];
  return (out, value) => {
    if (value === null || value === undefined) out.byte(none);
    else {
      out.byte(some);
      write(out, value);
    }
  };
}

function valueWriter(type: AvroType, path: string): Write {
  switch (type.kind) {
    case 'boolean':
      return (out, value) => {
        if (typeof value !== 'boolean') throw wrong(path, value, 'a boolean');
        out.byte(value ? 1 : 0);
      };
    case 'int':
      return (out, value) => {
        if (typeof value !== 'number' || (value | 0) !== value) throw wrong(path, value, 'a 32-bit whole number');
        out.long(value);
      };
    case 'long':
      return (out, value) => {
        const whole = typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
        if (!whole) throw wrong(path, value, 'a 64-bit whole number (beyond 2^53 as a bigint)');
        out.long(value as number | bigint);
      };
    case 'float':
    case 'double':
      return (out, value) => {
        if (typeof value !== 'number') throw wrong(path, value, 'a number');
        if (type.kind === 'float') out.float(value);
        else out.double(value);
      };
    case 'string':
      return (out, value) => {
        if (typeof value !== 'string') throw wrong(path, value, 'a text');
        out.text(value);
      };
    case 'enum':
      return (out, value) => {
        const index = type.symbols.indexOf(value as string);
        if (index < 0) throw wrong(path, value, `one of ${type.symbols.join(', ')}`);
        out.long(index);
      };
    case 'bytes':
    case 'fixed':
      return type.logical?.name === 'decimal' ? decimalWriter(type, path) : bytesWriter(type, path);
    case 'array': {
      const element = nonNull(type.items);
      const write = valueWriter(element.type, `${path}[]`);
      return (out, value) => writeArray(out, value, path, element, write);
    }
    case 'record':
      return recordWriter(type, path);
    default:
      throw invalid(path, `a ${type.kind} cannot be written`);
  }
}

function recordWriter({ fields }: AvroRecord, path: string): Write {
  const writers = fields.map(({ name, type, defaultValue }) => ({
    name,
    fallback: fallbackOf(nonNull(type).type, defaultValue),
    write: fieldWriter(nonNull(type), `${path}.${name}`),
  }));
  return (out, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong(path, value, 'a record of fields');
    for (const { name, fallback, write } of writers) {
      const given = (value as Readonly<Record<string, unknown>>)[name];
      write(out, given === undefined ? fallback : given);
    }
  };
}

function writeArray(
  out: ByteWriter,
  value: unknown,
  path: string,
  { nullable, nullBranch }: { nullable: boolean; nullBranch: number },
  write: Write,
): void {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) throw wrong(path, value, 'an array');
  const items =
    Array.isArray(value) || ArrayBuffer.isView(value)
      ? (value as ArrayLike<unknown>)
      : [...(value as Iterable<unknown>)];
  if (items.length > 0) out.long(items.length);
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (nullable) out.byte(item === null ? nullBranch * 2 : 2 - nullBranch * 2);
    if (!nullable || item !== null) write(out, item);
  }
  out.byte(0);
}

function bytesWriter(type: Extract<AvroType, { kind: 'bytes' | 'fixed' }>, path: string): Write {
  return (out, value) => {
    if (!(value instanceof Uint8Array)) throw wrong(path, value, 'bytes');
    if (type.kind === 'bytes') out.bytes(value);
    else if (value.length === type.size) out.raw(value);
    else throw wrong(path, value, `${type.size} bytes`);
  };
}

function decimalWriter(type: Extract<AvroType, { kind: 'bytes' | 'fixed' }>, path: string): Write {
  const { precision, scale } = type.logical as { precision: number; scale: number };
  const bound = 10n ** BigInt(precision);
  const limit = 10 ** Math.min(precision, 15) - 1;
  const writeBytes = bytesWriter(type, path);
  return (out, value) => {
    if (type.kind === 'bytes' && (typeof value === 'string' || typeof value === 'number')) {
      const short = parseShortDecimal(String(value), scale);
      if (short !== null && short <= limit && short >= -limit) return out.unscaled(short);
    }
    if (value instanceof Uint8Array) return writeBytes(out, value);
    const unscaled = typeof value === 'string' || typeof value === 'number' ? parseDecimal(String(value), scale) : null;
    if (unscaled === null || unscaled >= bound || unscaled <= -bound) {
      throw wrong(path, value, `a decimal of ${precision} digits, ${scale} of them after the point`);
    }
    if (type.kind === 'bytes') out.bytes(unscaledBytes(unscaled));
    else if (BigInt.asIntN(type.size * 8, unscaled) === unscaled) out.raw(sizedBytes(unscaled, type.size));
    else throw wrong(path, value, `a decimal of ${type.size} bytes`);
  };
}

function wrong(path: string, value: unknown, expected: string): LensError {
  if (value === undefined) return invalid(path, `is missing; it should be ${expected}`);
  const shown = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? typeof value).slice(0, 100);
  return invalid(path, `${shown} is not ${expected}`);
}

function invalid(path: string, problem: string): LensError {
  return new LensError('INPUT_INVALID', `${path}: ${problem}`, {
    hint: 'the fields are in the newest schema under topics/',
  });
}
