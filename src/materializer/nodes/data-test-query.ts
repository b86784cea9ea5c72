import { LensError } from '../../core/errors.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { ident, qualified } from '../../warehouse/sql.ts';

/** What a data test counted, and what that means. */
export interface Counted {
  readonly failures: number;
  readonly shouldWarn: boolean;
  readonly shouldError: boolean;
}

/** Where a test puts its failing rows. */
export interface StoredIn {
  readonly schema: string;
  readonly identifier: string;
  readonly as: 'table' | 'view';
}

/** The one row of a test's result. QUERY_FAILED when it is another, as when `fail_calc` gives no whole number. */
export async function failuresOf(connection: Connection, resultSql: string): Promise<Counted> {
  await connection.requireOneSelect(resultSql);
  const [row] = await connection.rows<{ failures: unknown; should_warn: unknown; should_error: unknown }>(resultSql);
  const failures = typeof row?.failures === 'bigint' ? Number(row.failures) : row?.failures;
  if (typeof failures !== 'number' || !Number.isInteger(failures)) {
    throw new LensError('QUERY_FAILED', `fail_calc gives ${String(failures)}, which is no number of failures`);
  }
  return { failures, shouldWarn: Boolean(row?.should_warn), shouldError: Boolean(row?.should_error) };
}

/** Puts the rows of a SELECT in the place of those stored before, inside the caller's transaction. */
export async function storeFailures(connection: Connection, table: StoredIn, sql: string): Promise<void> {
  await connection.requireOneSelect(sql);
  const { schema, identifier, as } = table;
  const name = qualified(schema, identifier);
  const there = await connection.rows<{ kind: string }>(
    'select table_type as kind from information_schema.tables where table_catalog = current_database() and table_schema = ? and table_name = ?',
    [schema, identifier],
  );
  await connection.run(`create schema if not exists ${ident(schema)}`);
  // `create or replace` refuses to put a table in the place of a view.
  for (const { kind } of there) await connection.run(`drop ${kind === 'VIEW' ? 'view' : 'table'} ${name}`);
  await connection.run(`create ${as} ${name} as\n${sql}`);
}
