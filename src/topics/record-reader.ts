import { walkDatum } from './avro-bounds.ts';
import type { AvroValue } from './avro-values.ts';
import { Rejection } from './dead-letter-reasons.ts';
import { WIRE_HEADER, wireIdOf } from './wire-format.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/**
 * The values of a record by field of the newest schema, decoded the exact way. Throws a Rejection: bad_magic,
 * unknown_schema, unreadable_schema, undecodable, trailing_bytes.
 */
export function readValues(
  schemas: WriterSchemas,
  bytes: Uint8Array,
  start: number,
  length: number,
): Record<string, AvroValue> {
  // JSON never begins with a zero byte.
  if (schemas.json !== null && bytes[start] !== 0) return schemas.json.read(bytes.subarray(start, start + length));
  const id = wireIdOf(bytes, start, length);
  if (length < WIRE_HEADER || bytes[start] !== 0) {
    const what = length < WIRE_HEADER ? `has ${length} bytes` : `starts with byte ${bytes[start]}`;
    throw new Rejection('bad_magic', `the value ${what}; it should start with a zero byte and a 4-byte schema id`);
  }
  if (id < 0) throw new Rejection('unknown_schema', `schema id ${id >>> 0} is beyond 31 bits`);
  const schema = schemas.get(id);
  if ('reason' in schema) throw new Rejection(schema.reasonCode, schema.reason);
  const end = start + length;
  const stop = walkDatum(schema.exact.writer, bytes, start + WIRE_HEADER, end);
  if (stop !== end) throw new Rejection('trailing_bytes', `${end - stop} bytes follow the end of the record`);
  try {
    return schema.exact.read(bytes, start + WIRE_HEADER, end);
  } catch (error) {
    throw new Rejection('undecodable', error instanceof Error ? error.message : String(error));
  }
}
