import { LensError } from '../core/errors.ts';
import {
  BATCH_HEADER_BYTES,
  BATCH_PREFIX_BYTES,
  CODEC_MASK,
  CONTROL,
  CRC_FROM,
  LOG_APPEND_TIME,
  MIN_RECORD_BYTES,
  TRANSACTIONAL,
  int64,
} from './batch-layout.ts';
import { decompress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { RecordBlock } from './record-block.ts';
import { readVarint, readVarlong, varintEnd } from './varint.ts';

/** A transaction that was rolled back, as a fetch response lists them for a partition. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** A batch whose records are wanted: its place in the input, or its unpacked records. */
interface Wanted {
  readonly base: number;
  readonly lastDelta: number;
  readonly timestamp: number;
  readonly appendTime: boolean;
  readonly count: number;
  readonly start: number;
  readonly end: number;
  readonly unpacked: Uint8Array | undefined;
}

/** A block is cut (nextOffset says where) before its unpacked bytes pass this, so that one read cannot take all memory. */
const MAX_BLOCK_BYTES = 1 << 26;
const MAX_OFFSET_SPAN = 2 ** 31 - 1;
const HINT = 'the log is damaged at this place; check its disk, or read on from a later offset';

/**
 * Turns the record batches of one partition (layout in batch-layout.ts) into record blocks. Owns its block and the
 * buffer of unpacked records; both are used again by the next read.
 */
export class BatchReader {
  readonly #topic: string;
  readonly #partition: number;
  readonly #block = new RecordBlock();
  #unpacked = new Uint8Array(0);

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  /**
   * Parses all whole batches in bytes[start, end). Records before `fromOffset`, control batches and records of aborted
   * transactions are left out; a partial batch at the end is ignored. `nextOffset` is after the last whole batch, also
   * when it gave no records; it can lie earlier when the block would grow too large or the leader epoch changes (read on from there).
   *
   * @returns the block; `endOffset` is the caller's to set. Uncompressed records stay in `bytes`, which must not change
   *   while the block is used.
   * @throws LOG_CORRUPT with topic/partition@offset: bad checksum, layout, compression, or a message format before 2
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    fromOffset: number,
    aborted?: readonly AbortedTransaction[],
  ): RecordBlock {
    const block = this.#block;
    block.topic = this.#topic;
    block.partition = this.#partition;
    block.bytes = bytes;
    block.count = 0;
    block.baseOffset = fromOffset;
    block.nextOffset = fromOffset;
    block.leaderEpoch = -1;
    const wanted = this.#wanted(bytes, start, end, fromOffset, aborted);
    if (wanted.length > 0) this.#fill(bytes, wanted, fromOffset);
    return block;
  }

  /** First pass: headers only. Checks each batch, decides which are wanted, unpacks those, and sets nextOffset. */
  #wanted(
    bytes: Uint8Array,
    start: number,
    end: number,
    fromOffset: number,
    aborted: readonly AbortedTransaction[] | undefined,
  ): Wanted[] {
    const block = this.#block;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const rolledBack = aborted === undefined || aborted.length === 0 ? undefined : new RolledBack(aborted);
    const wanted: Wanted[] = [];
    let unpackedBytes = 0;
    let least = -1;
    let p = start;
    while (p + BATCH_PREFIX_BYTES + 5 <= end) {
      const base = int64(view, p);
      const stop = p + BATCH_PREFIX_BYTES + view.getInt32(p + 8);
      this.#checkFormat(view.getInt8(p + 16), base);
      if (stop < p + BATCH_HEADER_BYTES) throw this.#corrupt(base, `a batch claims ${stop - p} bytes`);
      if (stop > end) break;
      this.#checkSum(bytes, view, p, stop, base);
      const epoch = view.getInt32(p + 12);
      // One epoch a block, so that every position within it has that epoch.
      if (wanted.length > 0 && epoch !== block.leaderEpoch) break;
      const attributes = view.getInt16(p + 21);
      const lastDelta = view.getInt32(p + 23);
      const count = view.getInt32(p + 57);
      if (base < least || lastDelta < 0) throw this.#corrupt(base, `offsets go back at offset ${base}`);
      least = base + lastDelta + 1;
      const hidden = rolledBack?.hides(bytes, view, p, stop, base + lastDelta) ?? false;
      if (!hidden && (attributes & CONTROL) === 0 && least > fromOffset && count > 0) {
        const first = wanted[0]?.base ?? base;
        if (least - first > MAX_OFFSET_SPAN || unpackedBytes > MAX_BLOCK_BYTES) break;
        const codec = attributes & CODEC_MASK;
        const records = p + BATCH_HEADER_BYTES;
        const unpacked = codec === 0 ? undefined : decompress(codec, bytes.subarray(records, stop), this.#place(base));
        unpackedBytes += unpacked?.length ?? 0;
        if (count * MIN_RECORD_BYTES > (unpacked?.length ?? stop - records)) {
          throw this.#corrupt(base, `a batch claims ${count} records in ${stop - records} bytes`);
        }
        const appendTime = (attributes & LOG_APPEND_TIME) !== 0;
        const timestamp = int64(view, p + (appendTime ? 35 : 27));
        wanted.push({ base, lastDelta, timestamp, appendTime, count, start: records, end: stop, unpacked });
      }
      block.leaderEpoch = epoch;
      if (least > block.nextOffset) block.nextOffset = least;
      p = stop;
    }
    return wanted;
  }

  /** Second pass: brings the records of all wanted batches into one buffer (the input itself when none was packed). */
  #fill(bytes: Uint8Array, wanted: readonly Wanted[], fromOffset: number): void {
    const block = this.#block;
    block.baseOffset = (wanted[0] as Wanted).base;
    const only = wanted.length === 1 ? wanted[0]?.unpacked : undefined;
    const gather = only === undefined && wanted.some((batch) => batch.unpacked !== undefined);
    if (only !== undefined) block.bytes = only;
    else if (gather) block.bytes = this.#room(wanted);
    let at = 0;
    for (const batch of wanted) {
      let start = batch.start;
      let end = batch.end;
      if (only !== undefined) {
        start = 0;
        end = only.length;
      } else if (gather) {
        const records = batch.unpacked ?? bytes.subarray(start, end);
        block.bytes.set(records, at);
        start = at;
        end = at += records.length;
      }
      block.ensure(block.count + batch.count);
      if (!readRecords(block, batch, start, end, fromOffset)) {
        throw this.#corrupt(batch.base, 'a record batch does not hold the records it claims');
      }
    }
  }

  #room(wanted: readonly Wanted[]): Uint8Array {
    let size = 0;
    for (const batch of wanted) size += batch.unpacked?.length ?? batch.end - batch.start;
    if (size > this.#unpacked.length) this.#unpacked = new Uint8Array(Math.max(size, this.#unpacked.length * 2));
    return this.#unpacked;
  }

  #checkFormat(magic: number, base: number): void {
    if (magic === 2) return;
    if (magic !== 0 && magic !== 1) throw this.#corrupt(base, `a batch has message format ${magic}`);
    throw new LensError('LOG_CORRUPT', `message format ${magic} (before Kafka 0.11) is not supported`, {
      place: this.#place(base),
      hint: 'let a Kafka 3 broker rewrite the topic, or copy it to a new topic with a current producer',
    });
  }

  #checkSum(bytes: Uint8Array, view: DataView, at: number, stop: number, base: number): void {
    const stated = view.getUint32(at + 17);
    const actual = crc32c(bytes, at + CRC_FROM, stop);
    if (stated === actual) return;
    throw this.#corrupt(base, `a batch fails its checksum (stated ${hex(stated)}, computed ${hex(actual)})`);
  }

  #place(offset: number): string {
    return `${this.#topic}/${this.#partition}@${offset}`;
  }

  #corrupt(offset: number, message: string): LensError {
    return new LensError('LOG_CORRUPT', message, { place: this.#place(offset), hint: HINT });
  }
}

/** Which batches belong to rolled-back transactions: from a transaction's first offset to its abort marker. */
class RolledBack {
  readonly #pending: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#pending = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  hides(bytes: Uint8Array, view: DataView, at: number, stop: number, lastOffset: number): boolean {
    let next = this.#pending.at(-1);
    while (next !== undefined && next.firstOffset <= lastOffset) {
      this.#open.add(next.producerId);
      this.#pending.pop();
      next = this.#pending.at(-1);
    }
    const attributes = view.getInt16(at + 21);
    const producer = view.getBigInt64(at + 43);
    if ((attributes & CONTROL) === 0) return (attributes & TRANSACTIONAL) !== 0 && this.#open.has(producer);
    if (isAbortMarker(bytes, view, at, stop)) this.#open.delete(producer);
    return true;
  }
}

/** A control record's key is int16 version, int16 type: 0 aborts the transaction, 1 commits it. */
function isAbortMarker(bytes: Uint8Array, view: DataView, at: number, stop: number): boolean {
  if (view.getInt32(at + 57) < 1) return false;
  readVarint(bytes, at + BATCH_HEADER_BYTES);
  readVarlong(bytes, varintEnd + 1);
  readVarint(bytes, varintEnd);
  const keyLength = readVarint(bytes, varintEnd);
  return keyLength >= 4 && varintEnd + 4 <= stop && view.getInt16(varintEnd + 2) === 0;
}

/** Adds the records in block.bytes[start, end) to the block, whose arrays have room; false when they are malformed. */
function readRecords(block: RecordBlock, batch: Wanted, start: number, end: number, fromOffset: number): boolean {
  const { bytes, offsetDelta, timestamp, keyStart, keyLength, valueStart, valueLength, headersStart } = block;
  const shift = batch.base - block.baseOffset;
  const skip = fromOffset - batch.base;
  let r = block.count;
  let p = start;
  let before = -1;
  for (let i = 0; i < batch.count; i++) {
    const length = readVarint(bytes, p);
    const stop = varintEnd + length;
    if (length < MIN_RECORD_BYTES - 1 || stop > end) return false;
    const time = readVarlong(bytes, varintEnd + 1);
    const delta = readVarint(bytes, varintEnd);
    if (delta <= before || delta > batch.lastDelta) return false;
    before = delta;
    if (delta >= skip) {
      const keyBytes = readVarint(bytes, varintEnd);
      const key = varintEnd;
      if (keyBytes < -1 || keyBytes > stop - key) return false;
      const valueBytes = readVarint(bytes, keyBytes > 0 ? key + keyBytes : key);
      const value = varintEnd;
      if (valueBytes < -1 || valueBytes > stop - value) return false;
      const headers = valueBytes > 0 ? value + valueBytes : value;
      if (headers >= stop || (bytes[headers] === 0 && headers + 1 !== stop)) return false;
      offsetDelta[r] = shift + delta;
      timestamp[r] = batch.appendTime ? batch.timestamp : batch.timestamp + time;
      keyStart[r] = key;
      keyLength[r] = keyBytes;
      valueStart[r] = value;
      valueLength[r] = valueBytes;
      headersStart[r] = bytes[headers] === 0 ? -1 : headers;
      r++;
    }
    p = stop;
  }
  block.count = r;
  return p === end;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
