import { LensError, messageOf } from '../core/errors.ts';

/** What to do with a file that DuckDB cannot read. */
export const DAMAGED_HINT = 'move the file away and start again: everything in it is rebuilt from the log';

/** WAREHOUSE_UNREADABLE when DuckDB says that the open file is damaged (each block has a checksum); otherwise null. */
export function damaged(error: unknown, place: string | undefined): LensError | null {
  if (error instanceof LensError) return error.code === 'WAREHOUSE_UNREADABLE' ? error : null;
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
