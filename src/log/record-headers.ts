import { LensError } from '../core/errors.ts';
import type { RecordBlock } from './record-block.ts';
import { readVarint, varintEnd, writeVarint } from './varint.ts';

export type Headers = readonly (readonly [string, Uint8Array])[];

/**
 * The headers of record i, copied, in their order; a null value reads as no bytes.
 *
 * @throws LOG_CORRUPT when they are malformed
 */
export function readHeaders(block: RecordBlock, i: number): [string, Uint8Array][] {
  const start = block.headersStart[i] as number;
  if (start < 0) return [];
  const { bytes } = block;
  const count = readVarint(bytes, start);
  const headers: [string, Uint8Array][] = [];
  let p = varintEnd;
  for (let n = 0; n < count; n++) {
    const keyLength = readVarint(bytes, p);
    const key = varintEnd;
    const keyEnd = key + keyLength;
    if (keyLength < 0 || keyEnd > bytes.length) throw malformed(block, i);
    const valueLength = readVarint(bytes, keyEnd);
    const value = varintEnd;
    const valueEnd = value + Math.max(valueLength, 0);
    if (valueLength < -1 || valueEnd > bytes.length) throw malformed(block, i);
    headers.push([Buffer.from(bytes.subarray(key, keyEnd)).toString('utf8'), bytes.slice(value, valueEnd)]);
    p = valueEnd;
  }
  return headers;
}

/** The same for who does not depend on them: none when they are malformed. */
export function headersAt(block: RecordBlock, i: number): [string, Uint8Array][] {
  try {
    return readHeaders(block, i);
  } catch {
    return [];
  }
}

/** Where the headers of record i end in the block's bytes. */
export function headersEnd(block: RecordBlock, i: number): number {
  const headers = headersAt(block, i);
  let end = block.headersStart[i] as number;
  const count = readVarint(block.bytes, end);
  end = varintEnd;
  for (let n = 0; n < Math.min(count, headers.length); n++) {
    const keyLength = readVarint(block.bytes, end);
    const valueLength = readVarint(block.bytes, varintEnd + keyLength);
    end = varintEnd + Math.max(valueLength, 0);
  }
  return end;
}

function malformed(block: RecordBlock, i: number): LensError {
  const place = `${block.topic}/${block.partition}@${block.offset(i)}`;
  return new LensError('LOG_CORRUPT', 'the headers of a record are malformed', { place });
}

/** Headers as Kafka's record layout has them, their count first. */
export function packHeaders(headers: Headers): Uint8Array {
  const keys = headers.map(([key]) => Buffer.from(key, 'utf8'));
  let size = 5;
  for (const [i, [, value]] of headers.entries()) size += 10 + (keys[i] as Buffer).length + value.length;
  const bytes = new Uint8Array(size);
  let p = writeVarint(bytes, 0, headers.length);
  for (const [i, [, value]] of headers.entries()) {
    const key = keys[i] as Buffer;
    p = writeVarint(bytes, p, key.length);
    bytes.set(key, p);
    p += key.length;
    p = writeVarint(bytes, p, value.length);
    bytes.set(value, p);
    p += value.length;
  }
  return bytes.subarray(0, p);
}
