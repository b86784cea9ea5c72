/**
 * What a log hands over: many records of one partition as one buffer and typed arrays of places in it, never an object
 * per record. A block belongs to its reader and is valid only until the reader is asked for the next one.
 *
 * Record `i` (0 <= i < count) has offset `baseOffset + offsetDelta[i]`, `timestamp[i]` in milliseconds, a key at
 * `bytes[keyStart[i] .. keyStart[i] + keyLength[i])`, a value likewise; a length of -1 means null. `headersStart[i]` is
 * the place of the varint header count in Kafka's record layout, or -1 where there are no headers. Offsets increase but
 * may have holes (compaction, aborted transactions, control records).
 */
export class RecordBlock {
  topic = '';
  partition = 0;
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  baseOffset = 0;
  /** Where reading goes on after this block; may lie past the last record, and the block may be empty. */
  nextOffset = 0;
  /** The partition's end offset (last stable one) when the block was read: lag = endOffset - nextOffset. */
  endOffset = 0;
  /** Kafka's leader epoch of the batches that the block comes from (one for all of them); -1 in the embedded log. */
  leaderEpoch = -1;
  offsetDelta = new Int32Array(0);
  timestamp = new Float64Array(0);
  keyStart = new Int32Array(0);
  keyLength = new Int32Array(0);
  valueStart = new Int32Array(0);
  valueLength = new Int32Array(0);
  headersStart = new Int32Array(0);

  /** Makes room for `capacity` records, keeping those already there. */
  ensure(capacity: number): void {
    if (capacity <= this.offsetDelta.length) return;
    const size = Math.max(capacity, this.offsetDelta.length * 2, 1024);
    this.offsetDelta = grown(new Int32Array(size), this.offsetDelta);
    this.timestamp = grown(new Float64Array(size), this.timestamp);
    this.keyStart = grown(new Int32Array(size), this.keyStart);
    this.keyLength = grown(new Int32Array(size), this.keyLength);
    this.valueStart = grown(new Int32Array(size), this.valueStart);
    this.valueLength = grown(new Int32Array(size), this.valueLength);
    this.headersStart = grown(new Int32Array(size), this.headersStart);
  }

  /** A copy of record i's key, or null. */
  key(i: number): Uint8Array | null {
    return part(this.bytes, this.keyStart[i] as number, this.keyLength[i] as number);
  }

  /** A copy of record i's value, or null (a tombstone). */
  value(i: number): Uint8Array | null {
    return part(this.bytes, this.valueStart[i] as number, this.valueLength[i] as number);
  }

  /** The offset of record i. */
  offset(i: number): number {
    return this.baseOffset + (this.offsetDelta[i] as number);
  }
}

function grown<T extends Int32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}

function part(bytes: Uint8Array, start: number, length: number): Uint8Array | null {
  // Not bytes.slice: of a Buffer that is a view.
  return length < 0 ? null : new Uint8Array(bytes.subarray(start, start + length));
}
