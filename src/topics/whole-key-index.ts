import type { ColumnChunk } from '../core/column-chunk.ts';
import type { RecordBlock } from '../log/record-block.ts';
import type { AvroValue } from './avro-values.ts';
import { type KeyIndex, NEW_KEY } from './key-index.ts';

/** Words of a place in the table: the key's two halves, its number, and 1 where it is taken. */
const PLACE = 4;
const LEAST_PLACES = 1 << 12;

/**
 * Keys of one BIGINT or INTEGER column: open addressing, all of a place side by side, so that a key costs one look into
 * memory. Half the time of an index by bytes, over a million records.
 */
export class WholeKeyIndex implements KeyIndex {
  readonly #position: number;
  readonly #wide: boolean;
  #count = 0;
  #table = new Int32Array(LEAST_PLACES * PLACE);

  /** @param position the key's column in a chunk; `wide`: BIGINT, otherwise INTEGER */
  constructor(position: number, wide: boolean) {
    this.#position = position;
    this.#wide = wide;
  }

  putRow(_: RecordBlock, __: number, chunk: ColumnChunk, row: number, number: number): number {
    const { words } = chunk.columns[this.#position] as ColumnChunk['columns'][number];
    if (this.#wide) return this.#put(words[row * 2] as number, words[row * 2 + 1] as number, number);
    return this.#put(words[row] as number, (words[row] as number) >> 31, number);
  }

  putTombstone(_: Uint8Array, key: readonly AvroValue[], number: number): number {
    const value = BigInt(key[0] as number | bigint);
    return this.#put(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), number);
  }

  clear(): void {
    // A table that one large batch left behind is not worth clearing for the many small ones after it.
    if (this.#table.length > LEAST_PLACES * PLACE && this.#count < this.#table.length / PLACE / 64) {
      this.#table = new Int32Array(LEAST_PLACES * PLACE);
    } else this.#table.fill(0);
    this.#count = 0;
  }

  #put(low: number, high: number, number: number): number {
    const at = this.#place(low, high);
    const table = this.#table;
    if (table[at + 3] === 1) {
      const before = table[at + 2] as number;
      table[at + 2] = number;
      return before;
    }
    table[at] = low;
    table[at + 1] = high;
    table[at + 2] = number;
    table[at + 3] = 1;
    if (++this.#count * PLACE * 2 > table.length) this.#grow();
    return NEW_KEY;
  }

  /** Where the key is, or the empty place it would take. */
  #place(low: number, high: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    let at = (hash * PLACE) & mask;
    while (table[at + 3] === 1 && (table[at] !== low || table[at + 1] !== high)) at = (at + PLACE) & mask;
    return at;
  }

  #grow(): void {
    const before = this.#table;
    // Sixteen times: placing all keys anew costs more than memory that is hardly touched.
    this.#table = new Int32Array(before.length * 16);
    const table = this.#table;
    for (let from = 0; from < before.length; from += PLACE) {
      if (before[from + 3] !== 1) continue;
      const at = this.#place(before[from] as number, before[from + 1] as number);
      for (let word = 0; word < PLACE; word++) table[at + word] = before[from + word] as number;
    }
  }
}
