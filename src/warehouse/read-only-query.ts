import { StatementType } from '@duckdb/node-api';
import { LensError, messageOf } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import { toJson } from './json-values.ts';

export interface ReadOnlyResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
}

/**
 * Runs one SELECT of a user and gives at most `maxRows` rows as JSON values.
 *
 * Refused (QUERY_REFUSED): several statements, anything that is not a SELECT. The connection must be one of its own;
 * after `timeoutMs` milliseconds the query is interrupted. QUERY_FAILED carries DuckDB's message.
 */
export async function readOnlyQuery(
  connection: Connection,
  sql: string,
  { maxRows, timeoutMs }: { maxRows: number; timeoutMs: number },
): Promise<ReadOnlyResult> {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    connection.interrupt();
  }, timeoutMs);
  try {
    const statements = await connection.raw.extractStatements(sql);
    if (statements.count !== 1) throw refused(`${statements.count} statements`);
    const statement = await statements.prepare(0);
    if (statement.statementType !== StatementType.SELECT) {
      throw refused(`a ${StatementType[statement.statementType]} statement`);
    }
    const reader = await statement.streamAndReadUntil(maxRows + 1);
    const rows = reader.getRows();
    return {
      columns: reader.columnNames().map((name, i) => ({ name, type: String(reader.columnType(i)) })),
      rows: rows.slice(0, maxRows).map((row) => row.map(toJson)),
      truncated: rows.length > maxRows,
    };
  } catch (error) {
    if (error instanceof LensError) throw error;
    if (timedOut) {
      throw new LensError('QUERY_FAILED', `the query was interrupted after ${timeoutMs / 1000} s`, {
        hint: 'narrow it, or allow more time',
        cause: error,
      });
    }
    throw new LensError('QUERY_FAILED', messageOf(error), {
      hint: 'the tables are listed by: select table_schema, table_name from information_schema.tables',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function refused(what: string): LensError {
  return new LensError('QUERY_REFUSED', `only one SELECT is allowed here, this is ${what}`, {
    hint: 'tables change through topics and models only',
  });
}
