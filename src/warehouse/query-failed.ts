import { LensError, messageOf } from '../core/errors.ts';
import { storageFailure } from './storage-failure.ts';

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^Parser Error/, "DuckDB's SQL is described at https://duckdb.org/docs/sql/introduction"],
  [/^Catalog Error: Table/, 'the tables are listed by: select table_schema, table_name from information_schema.tables'],
  [/^Binder Error: .*column/i, 'describe TABLE lists the columns of a table'],
  [/^Permission Error/, 'a query reads the warehouse only, no files and no network'],
  [/^(Conversion|Invalid Input|Out of Range) Error/, 'try_cast gives null for values that do not fit'],
  [/^Out of Memory Error/, 'narrow it, or raise warehouse.memoryLimit'],
];

/** DuckDB's message about a query (or WAREHOUSE_UNREADABLE where the file is damaged, DISK_FULL), with a hint that fits the kind of error; none where none does. */
export function queryFailed(error: unknown, place: string | undefined): LensError {
  const storage = storageFailure(error, place);
  if (storage !== null) return storage;
  const message = wordsOf(error);
  const hint = HINTS.find(([pattern]) => pattern.test(message))?.[1];
  return new LensError('QUERY_FAILED', message, { hint, cause: error });
}

/** DuckDB's message, without what it says of how it was asked. */
export function wordsOf(error: unknown): string {
  return messageOf(error).replace(/^Failed to extract statements: /, '');
}
