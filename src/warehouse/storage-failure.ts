import { diskFull } from '../core/disk-full.ts';
import { LensError, messageOf } from '../core/errors.ts';

/** What to do with a file that DuckDB cannot read. */
export const DAMAGED_HINT = 'move the file away and start again: everything in it is rebuilt from the log';

/**
 * WAREHOUSE_UNREADABLE when DuckDB says that the open file is damaged (each block has a checksum), DISK_FULL when it cannot write for want of
 * room, be it that it gave the database up for that; otherwise null.
 */
export function storageFailure(error: unknown, place: string | undefined): LensError | null {
  if (error instanceof LensError) return isStorageFailure(error) ? error : null;
  const full = diskFull(error, place);
  if (full !== null) return full;
  const message = messageOf(error);
  if (/Corrupt database file/i.test(message)) {
    return new LensError('WAREHOUSE_UNREADABLE', `the warehouse's file is damaged: ${message}`, {
      place,
      hint: DAMAGED_HINT,
      cause: error,
    });
  }
  if (/database has been invalidated because of a previous fatal error/i.test(message)) {
    return new LensError('WAREHOUSE_UNREADABLE', `DuckDB gave the warehouse up: ${message}`, {
      place,
      hint: `start again; should it come back, ${DAMAGED_HINT}`,
      cause: error,
    });
  }
  return null;
}

/** Nothing goes on in this process after such an error: DuckDB takes no more commits. */
export function isStorageFailure(error: unknown): error is LensError {
  return error instanceof LensError && (error.code === 'WAREHOUSE_UNREADABLE' || error.code === 'DISK_FULL');
}
