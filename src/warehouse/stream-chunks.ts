import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { LensError, messageOf } from '../core/errors.ts';
import type { Connection } from './connection.ts';

/**
 * The chunks of a streaming result, to its end or its error.
 *
 * node-api gives an error in the middle of a stream as the end of its rows. Only the transaction knows: one in which a
 * statement failed is of no more use. So the stream must be inside a transaction of its own; what went wrong is then asked
 * of the query once more, with all its columns computed but none handed over.
 *
 * @param sql the result's one SELECT
 * @throws what DuckDB says
 */
export async function* streamChunks(
  connection: Connection,
  result: DuckDBResult,
  sql: string,
): AsyncGenerator<DuckDBDataChunk> {
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    yield chunk;
  }
  try {
    await connection.raw.run('select 1');
  } catch {
    throw await failureOf(connection, sql);
  }
}

async function failureOf(connection: Connection, sql: string): Promise<Error> {
  try {
    await connection.raw.run('rollback');
    await connection.raw.run(`select count(hash(rows)) from (${sql.replace(/;\s*$/, '')}\n) rows`);
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
  return new LensError('QUERY_FAILED', 'the query failed before its last row, and DuckDB does not say why', {
    hint: 'ask again; a smaller part of it shows where it fails',
  });
}
