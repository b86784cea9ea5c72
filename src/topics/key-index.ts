import type { ColumnChunk } from '../core/column-chunk.ts';
import type { RecordBlock } from '../log/record-block.ts';
import type { AvroValue } from './avro-values.ts';

/** What `put` gives for a key that was not there. */
export const NEW_KEY = -0x80000000;

/** The last record of each key in a batch: from a key to a number the batch chooses. */
export interface KeyIndex {
  /** Sets the number of the key of record `i`, decoded to `row` of the chunk; gives the one before, or {@link NEW_KEY}. */
  putRow(block: RecordBlock, i: number, chunk: ColumnChunk, row: number, number: number): number;
  /** The same for a tombstone's key, as canonical bytes and as values. */
  putTombstone(bytes: Uint8Array, key: readonly AvroValue[], number: number): number;
  /** Forgets all keys but keeps the memory. */
  clear(): void;
}
