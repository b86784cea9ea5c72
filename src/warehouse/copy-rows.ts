import { LensError } from '../core/errors.ts';
import { wordsOf } from './query-failed.ts';
import type { Connection } from './connection.ts';
import { streamChunks } from './stream-chunks.ts';
import { ident } from './sql.ts';

/**
 * Copies the rows of a SELECT into a temporary table of another warehouse, made anew: chunk by chunk, never whole in our
 * memory. `from` must be inside a transaction (see {@link streamChunks}). QUERY_FAILED with DuckDB's message.
 */
export async function copyRows(from: Connection, sql: string, to: Connection, table: string): Promise<void> {
  const columns = await from.describe(sql);
  const definitions = columns.map(({ name, type }) => `${ident(name)} ${type}`).join(', ');
  await to.run(`create or replace temp table ${ident(table)} (${definitions})`);
  try {
    const appender = await to.raw.createAppender(table, 'main', 'temp');
    try {
      const result = await from.raw.stream(sql);
      for await (const chunk of streamChunks(from, result, sql)) appender.appendDataChunk(chunk);
    } catch (error) {
      appender.clear();
      throw error;
    }
    appender.closeSync();
  } catch (error) {
    if (error instanceof LensError) throw error;
    throw new LensError('QUERY_FAILED', wordsOf(error), { cause: error, fields: { sql } });
  }
}
