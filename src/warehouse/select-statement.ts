import { type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api';
import { LensError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

/** Table functions that change something though a SELECT calls them, or run SQL that nobody has looked at. */
const WITH_EFFECTS =
  /\b(force_checkpoint|checkpoint|(enable|disable)_(logging|profiling|peg_parser)|truncate_duckdb_logs|json_execute_serialized_sql)\b/i;
const PIVOT = /\bpivot(_wider)?\b/i;
const WRITING =
  /^(copy|insert|update|delete|merge|truncate|create|drop|alter|attach|detach|install|load|export|import|set|reset|use|call|vacuum|checkpoint|begin|commit|rollback|prepare|execute|deallocate|comment)\b/i;

/**
 * A user's one SELECT, prepared; also SHOW, DESCRIBE, FROM, VALUES, EXPLAIN and PIVOT (which DuckDB makes several
 * statements of). Must be inside a transaction that is read only: that is what refuses a write nobody thought of here.
 *
 * @throws QUERY_REFUSED for anything else, or what DuckDB throws
 */
export async function selectStatement(connection: Connection, sql: string): Promise<DuckDBPreparedStatement> {
  const words = withoutComments(sql);
  if (words === '')
    throw new LensError('QUERY_REFUSED', 'there is no SQL in the query', { hint: "lens query 'select 1'" });
  const writing = WRITING.exec(words)?.[0];
  if (writing !== undefined) throw refused(`a statement that begins with ${writing.toUpperCase()}`);
  if (/^explain\s+(analyze|\([^)]*analyze)/i.test(words)) throw refused('EXPLAIN ANALYZE; EXPLAIN alone is allowed');
  const statements = await connection.raw.extractStatements(sql);
  for (let i = 0; i < statements.count - 1; i++) {
    const part = await statements.prepare(i);
    // The type of a PIVOT's columns, in the connection's own temporary schema.
    if (!PIVOT.test(words) || part.statementType !== StatementType.CREATE)
      throw refused(`${statements.count} statements`);
    await part.run();
  }
  const statement = await statements.prepare(statements.count - 1);
  const { statementType } = statement;
  if (statementType !== StatementType.SELECT && statementType !== StatementType.EXPLAIN) {
    throw refused(`a ${StatementType[statementType]} statement`);
  }
  return statement;
}

/**
 * QUERY_REFUSED when a SELECT calls a function that changes something. Asked of the plan, where no view or macro hides it;
 * to be called outside of a transaction, since a plan that cannot be made would end it.
 */
export async function refuseEffects(connection: Connection, sql: string): Promise<void> {
  let plan = sql;
  try {
    await connection.run('begin transaction read only');
    const statements = await connection.raw.extractStatements(`explain (format json) ${sql}`);
    // Of several, only the first would be explained and the others run.
    if (statements.count === 1) {
      const reader = await (await statements.prepare(0)).runAndReadAll();
      const text = String(reader.getRows()[0]?.[1] ?? '');
      plan = [...text.matchAll(/"Function": "([^"]*)"/g)].map(([, name]) => name).join(' ');
    }
  } catch {
    // What the query itself will meet; its text decides.
  } finally {
    await connection.run('rollback').catch(() => undefined);
  }
  const name = WITH_EFFECTS.exec(plan)?.[0];
  if (name !== undefined) throw refused(`a call of ${name.toLowerCase()}`);
}

function withoutComments(sql: string): string {
  return sql.replace(/^(\s|;|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)*/, '').trim();
}

function refused(what: string): LensError {
  return new LensError('QUERY_REFUSED', `only one SELECT is allowed here, this is ${what}`, {
    hint: 'tables change through topics and models only',
  });
}
