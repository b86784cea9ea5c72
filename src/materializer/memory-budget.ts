import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';

/** What fits beside DuckDB's own work into its memory_limit. */
export interface MemoryBudget {
  /** Bytes that indexes of keys may take: DuckDB never gives them back while they are there. */
  readonly indexBytes: number;
  /** How much larger and older a bulk batch may be than a folding one: its rows are in memory twice, decoded and uncommitted. */
  readonly bulkBatchFactor: number;
  /** How many bytes of rows landed in bulk may be in memory before the file's checkpoint is written. */
  readonly unwrittenBytes: number;
}

/** Over ten million rows rebuilds go through 400 MB without indexes; through 500 with one of 100 MB they do not always. */
const INDEX_SHARE = 0.125;
/**
 * With the standard 50,000 records a bulk batch has two of DuckDB's row groups. Whole groups are written as they come; rows beyond
 * them go through the write-ahead log as well.
 */
const BULK_BATCH_FACTOR = (2 * 122_880) / 50_000;
/**
 * Rows beyond whole row groups are in memory as they came, not packed, until the file's checkpoint: over ten million generations that was
 * 1 to 1.2 GB, or as much in DuckDB's temporary folder, and reading them so took a quarter more CPU time in all.
 */
const UNWRITTEN_SHARE = 0.25;
const MOST_UNWRITTEN = 256e6;
/** Below this, memory is worth more than landing a quarter faster. */
const SMALL = 1e9;

/** Reads the limit that the connection's database works under. */
export async function memoryBudget(connection: Connection): Promise<MemoryBudget> {
  const [row] = await connection.rows<{ bytes: string }>("select current_setting('memory_limit') as bytes");
  const bytes = bytesOf(row?.bytes ?? '');
  return {
    indexBytes: bytes * INDEX_SHARE,
    bulkBatchFactor: bytes < SMALL ? 1 : BULK_BATCH_FACTOR,
    unwrittenBytes: Math.min(bytes * UNWRITTEN_SHARE, MOST_UNWRITTEN),
  };
}

const UNITS: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** As DuckDB writes sizes: `381.4 MiB`. */
function bytesOf(size: string): number {
  const [, number, unit] = /^([\d.]+) (\w+)$/.exec(size) ?? [];
  const factor = UNITS[unit ?? ''];
  if (number === undefined || factor === undefined)
    throw new LensError('INTERNAL', `DuckDB's memory_limit cannot be read: ${size}`);
  return Number(number) * factor;
}
