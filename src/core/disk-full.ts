import { LensError, messageOf } from './errors.ts';

/** What the system (ENOSPC, EDQUOT, EFBIG), DuckDB and SQLite call it. */
const WORDS = /no space left on device|disk quota exceeded|file too large|database or disk is full/i;

/**
 * DISK_FULL when an error of the file system, DuckDB or SQLite says that there is no room for what was to be written, on the disk or within
 * a limit (quota, `ulimit -f`); otherwise null.
 *
 * @param place the file or folder that was written
 */
export function diskFull(error: unknown, place: string | undefined): LensError | null {
  if (error instanceof LensError) return error.code === 'DISK_FULL' ? error : null;
  // DuckDB repeats what made it give up below what it says of that.
  const said = messageOf(error)
    .split('\n')
    .find((line) => WORDS.test(line));
  if (said === undefined) return null;
  return new LensError('DISK_FULL', `there is no room to write: ${said.replace(/^Original error: "?/, '')}`, {
    place,
    hint: 'make room there and start again: what was committed stands, and it goes on from there',
    cause: error,
  });
}
