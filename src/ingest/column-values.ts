import type { ColumnVector } from '../core/column-chunk.ts';

/** A BIGINT or TIMESTAMP as a number (exact to 2^53). */
export function longAt(column: ColumnVector, row: number): number {
  return (column.words[row * 2 + 1] as number) * 4294967296 + ((column.words[row * 2] as number) >>> 0);
}

/** A VARCHAR; null where it is null. */
export function textAt(column: ColumnVector, row: number): string | null {
  if (column.isNull(row)) return null;
  const bytes = column.bytesAt(row);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
