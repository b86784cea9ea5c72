import { CHUNK_ROWS, ColumnChunk } from '../core/column-chunk.ts';
import type { ColumnType } from '../core/columns.ts';

/** Chunks of one layout, filled one after another and used again. */
export class ChunkPool {
  readonly #types: readonly ColumnType[];
  readonly #chunks: ColumnChunk[] = [];
  #used = 0;

  constructor(types: readonly ColumnType[]) {
    this.#types = types;
  }

  /** The chunk that takes the next row. */
  open(): ColumnChunk {
    const last = this.#chunks[this.#used - 1];
    if (last !== undefined && !last.isFull) return last;
    let chunk = this.#chunks[this.#used];
    if (chunk === undefined) {
      chunk = new ColumnChunk(this.#types);
      this.#chunks.push(chunk);
    }
    this.#used++;
    return chunk;
  }

  /** Which chunk that is, from 0. */
  get openNumber(): number {
    return this.#used - 1;
  }

  /** Chunks that are held, in use or not. */
  get held(): number {
    return this.#chunks.length;
  }

  rowCount(): number {
    return this.filled().reduce((sum, chunk) => sum + chunk.rowCount, 0);
  }

  /** The chunks with rows. */
  filled(): ColumnChunk[] {
    return this.#chunks.slice(0, this.#used).filter((chunk) => chunk.rowCount > 0);
  }

  /** Drops rows marked by number (chunk number * CHUNK_ROWS + row). Rows past the end of the marks stay. */
  drop(marks: Uint8Array): void {
    for (let c = 0; c < this.#used; c++) {
      this.#chunks[c]?.drop(marks.subarray(c * CHUNK_ROWS, (c + 1) * CHUNK_ROWS));
    }
  }

  /**
   * Empties it, and lets go of chunks beyond twice as many as were in use: a large batch does not hold its memory for ever, and
   * a topic that has been read to its end holds none.
   */
  reset(): void {
    this.#chunks.length = Math.min(this.#chunks.length, this.#used * 2);
    for (let c = 0; c < this.#used; c++) this.#chunks[c]?.reset();
    this.#used = 0;
  }
}
