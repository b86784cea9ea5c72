import avro from 'avsc';
import { type AvroRecord, type AvroType, parseAvroSchema } from './avro-schema.ts';
import { messageOf } from '../core/errors.ts';

/**
 * Avro values as avsc reads them, exact: `long` is a bigint wherever the writer wrote a long. A value promoted from a
 * narrower type stays as the writer's JS type: a long read from an int is a number, a double read from a long a bigint.
 */
export type AvroValue = null | boolean | number | bigint | string | Uint8Array | AvroValue[] | AvroFields;

/** A record within a record, by field. */
export interface AvroFields {
  readonly [field: string]: AvroValue;
}

/** avsc's own LongType gives numbers and throws beyond 2^53. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** avsc's view of a schema. Throws an Error when it is not valid Avro. */
export function avscType(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, {
    typeHook: (part) => (isLong(part) ? LONG : undefined),
  });
}

function isLong(schema: unknown): boolean {
  return (
    schema === 'long' || (typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'long')
  );
}

/** Reads records of one writer schema as records of the reader's; see {@link AvroValue}. */
export class ValueReader {
  /** What the bytes must be; bytes that are read as a text must be one. */
  readonly writer: AvroRecord;
  readonly #reader: avro.Type;
  readonly #resolver: avro.Resolver;

  /** Throws an Error that says why when the reader cannot read what this writer wrote. */
  constructor(writerSchema: unknown, readerSchema: unknown) {
    const writer = parseAvroSchema(writerSchema);
    if (writer.kind !== 'record') throw new Error(`the schema is a ${writer.kind}, not a record`);
    const reader = parseAvroSchema(readerSchema) as AvroRecord;
    this.writer = withTexts(writer, reader);
    this.#reader = avscType(readerSchema);
    this.#resolver = this.#reader.createResolver(avscType(writerSchema));
    sameMeaning(writer, reader);
  }

  /** The record at bytes[start, end), which {@link findFault} must have passed. */
  read(bytes: Uint8Array, start: number, end: number): Record<string, AvroValue> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    try {
      const { value } = this.#reader.decode(buffer, 0, this.#resolver) as { value: Record<string, AvroValue> };
      return value;
    } catch (error) {
      throw new Error(`not readable as the newest schema: ${messageOf(error)}`, { cause: error });
    }
  }
}

/**
 * avsc compares shapes; a decimal of another scale or a timestamp of another unit has the same shape and another
 * meaning. Throws an Error naming the field.
 */
function sameMeaning(writer: AvroRecord, reader: AvroRecord, seen: ReadonlySet<AvroRecord> = new Set()): void {
  for (const field of reader.fields) {
    const old = writerField(writer, field.name, field.aliases);
    if (old === undefined) continue;
    const [before, after] = [meaning(old.type), meaning(field.type)];
    if (before !== null && after !== null && before !== after) {
      throw new Error(`field ${field.name}: ${before} cannot be read as ${after}`);
    }
    const [from, to] = [recordOf(old.type), recordOf(field.type)];
    if (from !== null && to !== null && !seen.has(to)) sameMeaning(from, to, new Set([...seen, to]));
  }
}

/** The writer's schema with `string` for bytes that the reader reads as a text: the same bytes, held to be UTF-8. */
function withTexts(writer: AvroRecord, reader: AvroRecord): AvroRecord {
  const texts = new Set(
    reader.fields
      .filter(({ type }) => isKind(type, 'string'))
      .map(({ name, aliases }) => writerField(writer, name, aliases)),
  );
  const asText = (type: AvroType): AvroType => {
    if (type.kind === 'union') return { kind: 'union', branches: type.branches.map(asText) };
    return type.kind === 'bytes' ? { kind: 'string' } : type;
  };
  return {
    ...writer,
    fields: writer.fields.map((field) => (texts.has(field) ? { ...field, type: asText(field.type) } : field)),
  };
}

function isKind(type: AvroType, kind: AvroType['kind']): boolean {
  return type.kind === 'union' ? type.branches.some((branch) => branch.kind === kind) : type.kind === kind;
}

/** The writer's field that a reader's field reads: by its name, else by an alias. */
export function writerField(
  writer: AvroRecord,
  name: string,
  aliases: readonly string[],
): AvroRecord['fields'][number] | undefined {
  for (const candidate of [name, ...aliases]) {
    const found = writer.fields.find((field) => field.name === candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The record that a type is, or is a list of. */
function recordOf(type: AvroType): AvroRecord | null {
  if (type.kind === 'union') return type.branches.map(recordOf).find((found) => found !== null) ?? null;
  if (type.kind === 'array') return recordOf(type.items);
  return type.kind === 'record' ? type : null;
}

/** What the numbers of a type stand for, without what may widen; null where the shape says all. */
function meaning(type: AvroType): string | null {
  if (type.kind === 'union') return type.branches.map(meaning).find((found) => found !== null) ?? null;
  if (type.kind === 'array') return meaning(type.items);
  if (!('logical' in type) || type.logical === undefined) return null;
  return type.logical.name === 'decimal' ? `a decimal of scale ${type.logical.scale}` : type.logical.name;
}
