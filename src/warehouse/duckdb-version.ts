import { version } from '@duckdb/node-api';

/** Of the library this process runs, as `v1.5.6`. */
export function duckdbVersion(): string {
  return version();
}
