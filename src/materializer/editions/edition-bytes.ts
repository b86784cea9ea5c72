import { existsSync, statSync } from 'node:fs';

/** The bytes of an edition's file with its write-ahead log. */
export function bytesOf(file: string): number {
  return [file, `${file}.wal`].reduce((sum, name) => sum + (existsSync(name) ? statSync(name).size : 0), 0);
}
