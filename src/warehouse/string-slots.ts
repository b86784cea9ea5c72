import duckdb from '@duckdb/node-bindings';
import { DuckDBVector, VARCHAR } from '@duckdb/node-api';
import type { ColumnVector } from '../core/column-chunk.ts';
import type { StringHeap } from '../core/string-heap.ts';

/**
 * The one place that knows how DuckDB lays out a string (`duckdb_string_t`, 16 bytes: uint32 length; up to 12 bytes
 * inline, else a 4-byte prefix and a 64-bit pointer). Writing slots ourselves saves a native call a string (facts: 1.1 M
 * against 0.8 M rows/s). The bytes a pointer leads to live in a BLOB vector of one row, made by DuckDB itself.
 */
export interface PinnedHeap {
  /** Keeps the memory alive: hold it until DuckDB has copied the chunk. */
  readonly vector: duckdb.Vector;
  readonly low: number;
  readonly high: number;
}

const BLOB = duckdb.create_logical_type(duckdb.Type.BLOB);

/** Copies a chunk's heap to memory DuckDB can point at; null when no string needs it. */
export function pinHeap(heap: StringHeap): PinnedHeap | null {
  // A heap holds only strings above 12 bytes, so what DuckDB makes of it is never inline.
  if (heap.length === 0) return null;
  const vector = duckdb.create_vector(BLOB, 1);
  duckdb.vector_assign_string_element_len(vector, 0, heap.bytes.subarray(0, heap.length));
  const slot = duckdb.vector_get_data(vector, 16);
  const view = new DataView(slot.buffer, slot.byteOffset, 16);
  return { vector, low: view.getUint32(8, true), high: view.getUint32(12, true) };
}

/** The slots of rows 0 .. rows-1 with pointers in place of places in the heap; `scratch` is used and returned if needed. */
export function slotsWithPointers(
  column: ColumnVector,
  rows: number,
  heap: PinnedHeap | null,
  scratch: (words: number) => Int32Array<ArrayBuffer>,
): Int32Array<ArrayBuffer> {
  const source = column.words;
  if (heap === null) return source;
  const words = scratch(rows * 4);
  words.set(source.subarray(0, rows * 4));
  for (let w = 0; w < rows * 4; w += 4) {
    if ((words[w] as number) <= 12) continue;
    const place = heap.low + (words[w + 2] as number);
    words[w + 2] = place | 0;
    words[w + 3] = place >= 4294967296 ? heap.high + 1 : heap.high;
  }
  return words;
}

let trusted: boolean | undefined;

/**
 * Whether slots written by us read back right through DuckDB's own reader, asked once a process. If a DuckDB release
 * changes its layout, strings go in one by one instead.
 */
export function slotsAreTrusted(makeColumn: () => ColumnVector): boolean {
  trusted ??= roundTrips(makeColumn());
  return trusted;
}

function roundTrips(column: ColumnVector): boolean {
  const samples = ['', 'a', 'twelve bytes', 'thirteen byte', 'Grüße, 世界 🌍, and more', 'x'.repeat(5000)];
  samples.forEach((sample, row) => column.setBytes(row, Buffer.from(sample)));
  const official = duckdb.create_vector(VARCHAR.toLogicalType().logical_type, samples.length);
  samples.forEach((sample, row) => duckdb.vector_assign_string_element_len(official, row, Buffer.from(sample)));
  const theirs = Buffer.from(duckdb.vector_get_data(official, samples.length * 16));
  const pinned = pinHeap(column.heap);
  const words = slotsWithPointers(column, samples.length, pinned, (count) => new Int32Array(count));
  const ours = Buffer.from(words.buffer, 0, samples.length * 16);
  // Compared before anything follows a pointer of ours: all bytes of inline slots, length and prefix of the others.
  const alike = samples.every((sample, row) => {
    const size = Buffer.byteLength(sample) <= 12 ? 16 : 8;
    return ours.compare(theirs, row * 16, row * 16 + size, row * 16, row * 16 + size) === 0;
  });
  if (!alike) return false;
  const vector = duckdb.create_vector(VARCHAR.toLogicalType().logical_type, samples.length);
  duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, samples.length * 16);
  const reader = DuckDBVector.create(vector, samples.length, VARCHAR);
  return pinned !== null && samples.every((sample, row) => reader.getItem(row) === sample);
}
