import type { DuckDBConnection } from '@duckdb/node-api';
import { LensError, messageOf } from '../core/errors.ts';
import { wordsOf } from './query-failed.ts';

/**
 * Refuses (QUERY_REFUSED, or QUERY_FAILED with DuckDB's message) what is not one SELECT, by parsing alone: nothing of the
 * text is run or bound, so it may name relations that are not there yet.
 *
 * The text must parse by itself and in round brackets after FROM. A semicolon or another kind of statement cannot stand
 * there, and brackets that would close ours do not parse by themselves. Counting statements would not do: DuckDB makes
 * two of one PIVOT without IN.
 */
export async function requireOneSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  if (!/\S/.test(withoutComments(sql))) throw refused('it is empty', 'write a SELECT');
  const count = await statements(connection, sql).catch((error: unknown) => {
    throw new LensError('QUERY_FAILED', wordsOf(error), { cause: error, fields: { sql } });
  });
  try {
    await statements(connection, `select * from (\n${sql}\n)`);
  } catch (error) {
    if (!messageOf(error).includes('near ";"'))
      throw refused('it is another kind of statement', 'tables change through topics and models only', error);
    if (count > 1) throw refused(`it is ${count} statements`, 'leave the others away', error);
    throw refused('it ends with a semicolon', 'leave the semicolon away', error);
  }
}

async function statements(connection: DuckDBConnection, sql: string): Promise<number> {
  return (await connection.extractStatements(sql)).count;
}

/** DuckDB reports an empty text without a message; a comment inside a string does not matter for that. */
function withoutComments(sql: string): string {
  return sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|;/g, '');
}

function refused(what: string, hint: string, cause?: unknown): LensError {
  return new LensError('QUERY_REFUSED', `one SELECT is needed here, and ${what}`, { hint, cause });
}
