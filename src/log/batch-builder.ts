import { LensError } from '../core/errors.ts';
import { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES, CRC_FROM } from './batch-layout.ts';
import { CODEC_ID, compress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import type { Compression } from './event-log.ts';
import { type Headers, packHeaders } from './record-headers.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** What an idempotent producer or a log of its own writes into the batch header; default -1, -1, -1 and offset 0. */
export interface BatchFields {
  producerId?: bigint;
  producerEpoch?: number;
  baseSequence?: number;
  baseOffset?: number;
}

const INITIAL_BYTES = 1 << 16;
/** Two-byte fields at most, beside key, value and headers: lengths 5 x 4, attributes 1, timestamp 10. */
const MAX_RECORD_OVERHEAD = 31;
/** Below this a loop beats the call of TypedArray.set. */
const SMALL = 40;

/** Builds one record batch after the other (layout in batch-layout.ts), reusing its buffer. */
export class BatchBuilder {
  readonly #compression: Compression;
  #bytes = new Uint8Array(INITIAL_BYTES);
  #end = BATCH_HEADER_BYTES;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch so far, uncompressed, with its header. */
  get size(): number {
    return this.#end;
  }

  /**
   * Adds a record, copying its bytes.
   *
   * @param timestamp whole milliseconds since 1970
   */
  add(key: Uint8Array | null, value: Uint8Array | null, timestamp: number, headers?: Headers): void {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    } else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    const delta = timestamp - this.#baseTimestamp;
    const offsetDelta = this.#count++;
    const keyLength = key === null ? -1 : key.length;
    const valueLength = value === null ? -1 : value.length;
    const packed = headers === undefined || headers.length === 0 ? undefined : packHeaders(headers);
    const body =
      1 +
      varlongSize(delta) +
      varintSize(offsetDelta) +
      varintSize(keyLength) +
      (key === null ? 0 : keyLength) +
      varintSize(valueLength) +
      (value === null ? 0 : valueLength) +
      (packed === undefined ? 1 : packed.length);
    if (this.#end + body + MAX_RECORD_OVERHEAD > this.#bytes.length) this.#grow(body + MAX_RECORD_OVERHEAD);
    const bytes = this.#bytes;
    let p = writeVarint(bytes, this.#end, body);
    bytes[p++] = 0;
    p = writeVarlong(bytes, p, delta);
    p = writeVarint(bytes, p, offsetDelta);
    p = writeVarint(bytes, p, keyLength);
    if (key !== null) p = copy(key, bytes, p);
    p = writeVarint(bytes, p, valueLength);
    if (value !== null) p = copy(value, bytes, p);
    if (packed === undefined) bytes[p++] = 0;
    else p = copy(packed, bytes, p);
    this.#end = p;
  }

  /** The batch as bytes of its own; the builder is empty afterwards. */
  finish(fields: BatchFields = {}): Uint8Array {
    if (this.#count === 0) throw new LensError('INTERNAL', 'a record batch needs at least one record');
    const batch = this.#packed();
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    view.setBigInt64(0, BigInt(fields.baseOffset ?? 0));
    view.setInt32(8, batch.length - BATCH_PREFIX_BYTES);
    view.setInt32(12, -1);
    view.setInt8(16, 2);
    view.setInt16(21, CODEC_ID[this.#compression]);
    view.setInt32(23, this.#count - 1);
    view.setBigInt64(27, BigInt(this.#baseTimestamp));
    view.setBigInt64(35, BigInt(this.#maxTimestamp));
    view.setBigInt64(43, fields.producerId ?? -1n);
    view.setInt16(51, fields.producerEpoch ?? -1);
    view.setInt32(53, fields.baseSequence ?? -1);
    view.setInt32(57, this.#count);
    view.setUint32(17, crc32c(batch, CRC_FROM, batch.length));
    this.#count = 0;
    this.#end = BATCH_HEADER_BYTES;
    return batch;
  }

  /** Room for the header, then the records as they go over the wire. */
  #packed(): Uint8Array {
    if (this.#compression === 'none') return this.#bytes.slice(0, this.#end);
    const records = compress(this.#compression, this.#bytes.subarray(BATCH_HEADER_BYTES, this.#end));
    const batch = new Uint8Array(BATCH_HEADER_BYTES + records.length);
    batch.set(records, BATCH_HEADER_BYTES);
    return batch;
  }

  #grow(need: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#end + need));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

function copy(from: Uint8Array, to: Uint8Array, at: number): number {
  const length = from.length;
  if (length > SMALL) to.set(from, at);
  else for (let i = 0; i < length; i++) to[at + i] = from[i] as number;
  return at + length;
}
