import { LensError, messageOf } from '../core/errors.ts';
import type { RecordJson } from '../topics/record-json.ts';

/** A record ready to be appended. */
export interface ProducedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly partition: number | undefined;
  readonly timestamp: number | undefined;
}

/** `offset` is what `lens consume` prints; a new record gets a new one. */
const FIELDS = new Set(['key', 'keyBase64', 'value', 'valueBase64', 'partition', 'timestamp', 'offset']);

/**
 * One line of `lens produce`: `{"key"?, "value": {...} | null, "partition"?, "timestamp"?}`, where `keyBase64` and
 * `valueBase64` send bytes as they are. INPUT_INVALID says what is wrong; the caller knows the place.
 */
export async function parseRecordLine(line: string, json: RecordJson, partitions: number): Promise<ProducedRecord> {
  const given = objectOf(line);
  const unknown = Object.keys(given).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) throw invalid(`unknown field ${unknown}`, `the fields are ${[...FIELDS].join(', ')}`);
  const { key, keyBase64, value, valueBase64 } = given;
  if ((value === undefined) === (valueBase64 === undefined)) {
    throw invalid('one of value and valueBase64 is needed', 'null as value is a tombstone');
  }
  if (key !== undefined && keyBase64 !== undefined) throw invalid('key and keyBase64 exclude each other');
  const bytes = await encode(json, key, valueBase64 === undefined ? value : null, keyBase64, valueBase64);
  return {
    ...bytes,
    partition: partitionOf(given['partition'], partitions),
    timestamp: timestampOf(given['timestamp']),
  };
}

async function encode(
  json: RecordJson,
  key: unknown,
  value: unknown,
  keyBase64: unknown,
  valueBase64: unknown,
): Promise<{ key: Uint8Array | null; value: Uint8Array | null }> {
  const rawKey = keyBase64 === undefined ? undefined : base64(keyBase64, 'keyBase64');
  const rawValue = valueBase64 === undefined ? undefined : base64(valueBase64, 'valueBase64');
  // Raw bytes without a key have none: there is no value to take it from.
  const needed =
    rawValue === undefined ? rawKey === undefined || value !== null : rawKey === undefined && key !== undefined;
  const encoded = needed ? await json.encode(key, value) : { key: null, value: null };
  return { key: rawKey ?? encoded.key, value: rawValue ?? encoded.value };
}

const FORM = 'a line is {"key": ..., "value": {...}}, the key may be left away';

function objectOf(line: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw invalid(`not JSON: ${messageOf(error)}`, FORM);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalid('not a JSON object', FORM);
  }
  return parsed as Record<string, unknown>;
}

function base64(text: unknown, field: string): Uint8Array {
  if (typeof text === 'string' && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text))
    return Buffer.from(text, 'base64');
  throw invalid(`${field} is not base64`);
}

function partitionOf(given: unknown, partitions: number): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given < partitions) return given;
  throw invalid(`partition is ${JSON.stringify(given)}, the topic has 0 to ${partitions - 1}`);
}

function timestampOf(given: unknown): number | undefined {
  // Null is how consume prints a record without a time.
  if (given === undefined || given === null) return undefined;
  const milliseconds = typeof given === 'string' ? Date.parse(given) : given;
  if (typeof milliseconds === 'number' && Number.isSafeInteger(milliseconds) && milliseconds >= 0) return milliseconds;
  throw invalid(`timestamp is ${JSON.stringify(given)}`, 'ISO 8601, or milliseconds since 1970');
}

function invalid(message: string, hint?: string): LensError {
  return new LensError('INPUT_INVALID', message, { hint });
}
