import { LensError } from '../core/errors.ts';
import type { RecordBlock } from './record-block.ts';
import { readVarint, varintEnd } from './varint.ts';

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

function malformed(block: RecordBlock, i: number): LensError {
  const place = `${block.topic}/${block.partition}@${block.offset(i)}`;
  return new LensError('LOG_CORRUPT', 'the headers of a record are malformed', { place });
}
