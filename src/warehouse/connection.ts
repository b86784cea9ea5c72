import { DuckDBBlobValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { LensError } from '../core/errors.ts';
import { wordsOf } from './query-failed.ts';
import type { ColumnChunk } from '../core/column-chunk.ts';
import { storageFailure } from './storage-failure.ts';
import { appendChunks, type TableName } from './column-writer.ts';
import { toJson, toPython } from './json-values.ts';
import { requireOneSelect } from './one-select.ts';

export type SqlValue = string | number | bigint | boolean | null | Uint8Array;
export type SqlRow = Readonly<Record<string, unknown>>;

const INTERRUPT_AGAIN_MS = 50;

/**
 * One connection to the warehouse. Statements of one connection run one after another; integers come back as numbers
 * where they are exact (to 2^53), everything else as node-api's JS values.
 */
export class Connection implements Disposable {
  readonly #connection: DuckDBConnection;

  /** The warehouse's file; undefined in memory. */
  readonly place: string | undefined;

  constructor(connection: DuckDBConnection, place?: string) {
    this.#connection = connection;
    this.place = place;
  }

  /** Runs one or more statements separated by semicolons. Throws QUERY_FAILED with DuckDB's message. */
  async run(sql: string, values?: readonly SqlValue[]): Promise<void> {
    try {
      await this.#connection.run(sql, values?.map(bound));
    } catch (error) {
      throw this.#failed(error, sql);
    }
  }

  /** Runs statements and gives the last one's rows. */
  async rows<T = SqlRow>(sql: string, values?: readonly SqlValue[]): Promise<T[]> {
    try {
      const reader = await this.#connection.runAndReadAll(sql, values?.map(bound));
      return reader.getRowObjectsJS().map(withNumbers) as T[];
    } catch (error) {
      throw this.#failed(error, sql);
    }
  }

  /** The same with every value in its JSON form: see json-values.ts. */
  async jsonRows(sql: string, values?: readonly SqlValue[]): Promise<Record<string, unknown>[]> {
    try {
      const reader = await this.#connection.runAndReadAll(sql, values?.map(bound));
      return reader.getRowObjects().map((row) => {
        return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toJson(value)]));
      });
    } catch (error) {
      throw this.#failed(error, sql);
    }
  }

  /** Runs statements and gives the last one's columns and rows: times as Python prints them, decimals as strings. */
  async answer(sql: string): Promise<{ columns: { name: string; type: string }[]; rows: unknown[][] }> {
    try {
      const reader = await this.#connection.runAndReadAll(sql);
      const columns = reader.columnNames().map((name, at) => ({ name, type: String(reader.columnType(at)) }));
      return { columns, rows: reader.getRows().map((row) => row.map(toPython)) };
    } catch (error) {
      throw this.#failed(error, sql);
    }
  }

  /** The first column of the first row as a number; 0 when null or without rows. */
  async number(sql: string, values?: readonly SqlValue[]): Promise<number> {
    const [row] = await this.rows(sql, values);
    return row === undefined ? 0 : Number(Object.values(row)[0] ?? 0);
  }

  /** Refuses what is not one SELECT, before anything of it is run or bound. QUERY_REFUSED, QUERY_FAILED. */
  async requireOneSelect(sql: string): Promise<void> {
    await requireOneSelect(this.#connection, sql);
  }

  /**
   * Output column names and types of one SELECT, without running it, as a table of it has them: of two columns `id` the second is `id_1`.
   * QUERY_REFUSED for anything else.
   */
  async describe(sql: string): Promise<{ name: string; type: string }[]> {
    await this.requireOneSelect(sql);
    const described = async (select: string): Promise<{ name: string; type: string }[]> => {
      const rows = await this.rows<{ column_name: string; column_type: string }>(`describe ${select}`).catch(
        (error: unknown) => {
          throw withoutDescribe(error);
        },
      );
      return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
    };
    const columns = await described(sql);
    const names = new Set(columns.map(({ name }) => name.toLowerCase()));
    return names.size === columns.length ? columns : described(`select * from (\n${sql}\n)`);
  }

  /** Appends column chunks to a table inside the open transaction; columns by position. */
  async append(table: TableName, chunks: readonly ColumnChunk[]): Promise<void> {
    try {
      await appendChunks(this.#connection, table, chunks);
    } catch (error) {
      throw error instanceof LensError ? error : this.#failed(error, `append to ${table.table}`);
    }
  }

  /** BEGIN, the work, COMMIT; ROLLBACK and rethrow when the work fails. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('begin transaction');
    try {
      const result = await work();
      await this.run('commit');
      return result;
    } catch (error) {
      // A failed COMMIT has rolled back already; then there is no transaction left to end.
      await this.#connection.run('rollback').catch(() => undefined);
      throw error;
    }
  }

  /**
   * Interrupts what runs once the signal is aborted, until disposed: again and again, since DuckDB forgets an interrupt
   * that comes between two statements.
   */
  interruptOn(signal: AbortSignal): Disposable {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      this.#connection.interrupt();
      timer = setInterval(() => this.#connection.interrupt(), INTERRUPT_AGAIN_MS);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', onAbort);
        clearInterval(timer);
      },
    };
  }

  /** The node-api connection, for the other files of this folder. */
  get raw(): DuckDBConnection {
    return this.#connection;
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
  }

  #failed(error: unknown, sql: string): LensError {
    return (
      storageFailure(error, this.place) ??
      new LensError('QUERY_FAILED', wordsOf(error), { cause: error, fields: { sql } })
    );
  }
}

/** DuckDB shows the line that is wrong: that of the SELECT, without our word before it. */
function withoutDescribe(error: unknown): unknown {
  if (!(error instanceof LensError)) return error;
  const message = error.message.replace(/^(LINE 1: )describe (.*\n) {9}( *\^)/m, '$1$2$3');
  const { place, hint, fields } = error;
  return new LensError(error.code, message, { place, hint, fields, cause: error });
}

function bound(value: SqlValue): DuckDBValue {
  return value instanceof Uint8Array ? new DuckDBBlobValue(value) : value;
}

function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const key in row) {
    const value = row[key];
    if (typeof value === 'bigint' && value <= MAX_SAFE && value >= -MAX_SAFE) row[key] = Number(value);
  }
  return row;
}
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
