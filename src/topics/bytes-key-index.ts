import type { ColumnChunk } from '../core/column-chunk.ts';
import type { RecordBlock } from '../log/record-block.ts';
import type { AvroValue } from './avro-values.ts';
import { type KeyIndex, NEW_KEY } from './key-index.ts';

/**
 * Keys of any kind by their canonical bytes (equal keys are equal bytes): open addressing over typed arrays, since a JS
 * Map of some 100,000 strings costs more than decoding the records.
 */
export class BytesKeyIndex implements KeyIndex {
  #count = 0;
  #table = new Int32Array(1 << 12);
  #hashes = new Int32Array(1 << 11);
  #places = new Int32Array((1 << 11) + 1);
  #values = new Int32Array(1 << 11);
  #bytes = new Uint8Array(1 << 15);

  putRow(block: RecordBlock, i: number, _: ColumnChunk, __: number, number: number): number {
    return this.#put(block.bytes, block.keyStart[i] as number, block.keyLength[i] as number, number);
  }

  putTombstone(bytes: Uint8Array, _: readonly AvroValue[], number: number): number {
    return this.#put(bytes, 0, bytes.length, number);
  }

  #put(bytes: Uint8Array, start: number, length: number, value: number): number {
    // FNV-1a, then mixed: keys that are consecutive numbers differ in their last digits only.
    let hash = 0x811c9dc5;
    for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    hash ^= hash >>> 15;
    if (this.#count === this.#hashes.length) this.#grow();
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = (this.#table[slot] as number) - 1;
      if (entry < 0) break;
      if (this.#hashes[entry] === hash && this.#isKey(entry, bytes, start, length)) {
        const before = this.#values[entry] as number;
        this.#values[entry] = value;
        return before;
      }
      slot = (slot + 1) & mask;
    }
    this.#table[slot] = this.#count + 1;
    this.#add(hash, bytes, start, length, value);
    return NEW_KEY;
  }

  /** Slot by slot where the keys are few in a table that a large batch left behind. */
  clear(): void {
    const mask = this.#table.length - 1;
    if (this.#count > this.#table.length / 16) this.#table.fill(0);
    else {
      // Last in, first out, so that no chain of slots is cut before its end.
      for (let entry = this.#count - 1; entry >= 0; entry--) {
        let slot = (this.#hashes[entry] as number) & mask;
        while (this.#table[slot] !== entry + 1) slot = (slot + 1) & mask;
        this.#table[slot] = 0;
      }
    }
    this.#count = 0;
  }

  #isKey(entry: number, bytes: Uint8Array, start: number, length: number): boolean {
    const place = this.#places[entry] as number;
    if ((this.#places[entry + 1] as number) - place !== length) return false;
    const own = this.#bytes;
    for (let i = 0; i < length; i++) if (own[place + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(hash: number, bytes: Uint8Array, start: number, length: number, value: number): void {
    const entry = this.#count++;
    const place = this.#places[entry] as number;
    if (place + length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#bytes.length * 2, place + length));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    for (let i = 0; i < length; i++) this.#bytes[place + i] = bytes[start + i] as number;
    this.#hashes[entry] = hash;
    this.#values[entry] = value;
    this.#places[entry + 1] = place + length;
  }

  /** Twice the entries, and a table at most half full. */
  #grow(): void {
    const size = this.#hashes.length * 2;
    const wider = (from: Int32Array, length: number): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(length);
      to.set(from);
      return to;
    };
    this.#hashes = wider(this.#hashes, size);
    this.#values = wider(this.#values, size);
    this.#places = wider(this.#places, size + 1);
    this.#table = new Int32Array(size * 2);
    const mask = size * 2 - 1;
    for (let entry = 0; entry < this.#count; entry++) {
      let slot = (this.#hashes[entry] as number) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = entry + 1;
    }
  }
}
