import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { LensError } from '../core/errors.ts';
import { closeInstance } from './close-instance.ts';
import { wordsOf } from './query-failed.ts';
import { Connection } from './connection.ts';
import { toJson } from './json-values.ts';
import { ident, text } from './sql.ts';
import { streamChunks } from './stream-chunks.ts';

/** Part of a result: columns of JavaScript values, `rowCount` long. */
export interface ScratchChunk {
  readonly rowCount: number;
  readonly columns: readonly (readonly unknown[])[];
}

/**
 * A DuckDB of its own in memory, for reading files (Parquet) that are no part of the warehouse: the warehouse's own
 * instance may not touch the file system. Results stream in chunks of 2048 rows; sorts beyond the memory limit spill to
 * a temporary folder, removed at the end.
 */
export class ScratchReader implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: Connection;
  readonly #spill: string;

  private constructor(instance: DuckDBInstance, connection: Connection, spill: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#spill = spill;
  }

  /** @param memoryLimit DuckDB's memory_limit */
  static async open(memoryLimit = '1GB'): Promise<ScratchReader> {
    const spill = mkdtempSync(path.join(tmpdir(), 'lens-scratch-'));
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: memoryLimit,
      temp_directory: spill,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = new Connection(await instance.connect());
    // Else a point in time would be read as the local time of the machine.
    await connection.run("set TimeZone = 'UTC'");
    return new ScratchReader(instance, connection, spill);
  }

  /** Output names and DuckDB types of a query. QUERY_FAILED with DuckDB's message. */
  describe(sql: string): Promise<{ name: string; type: string }[]> {
    return this.#connection.describe(sql);
  }

  /** The one number a query gives; null when it gives none. */
  async number(sql: string): Promise<number | null> {
    const [row] = await this.#connection.rows(sql);
    const value = row === undefined ? null : Object.values(row)[0];
    return value === null || value === undefined ? null : Number(value);
  }

  /** The rows of a query, chunk by chunk, never whole in memory. */
  async *stream(sql: string): AsyncGenerator<ScratchChunk> {
    try {
      await this.#connection.run('begin transaction read only');
      const result = await this.#connection.raw.stream(sql);
      for await (const chunk of streamChunks(this.#connection, result, sql)) {
        const columns: (readonly unknown[])[] = [];
        for (let c = 0; c < chunk.columnCount; c++) columns.push(chunk.getColumnValues(c));
        yield { rowCount: chunk.rowCount, columns };
      }
    } catch (error) {
      if (error instanceof LensError) throw error;
      throw new LensError('QUERY_FAILED', wordsOf(error), { cause: error, fields: { sql } });
    } finally {
      await this.#connection.run('rollback').catch(() => undefined);
    }
  }

  /** The same as JSON values, row by row (json-values.ts). */
  async *jsonRows(sql: string): AsyncGenerator<unknown[][]> {
    for await (const { rowCount, columns } of this.stream(sql)) {
      yield Array.from({ length: rowCount }, (_, row) => columns.map((column) => toJson(column[row] as DuckDBValue)));
    }
  }

  /** Opens another DuckDB file for reading, as a database of this name, and gives its tables and views. QUERY_FAILED. */
  async attach(file: string, name: string): Promise<{ schema: string; name: string }[]> {
    await this.#connection.run(`attach ${text(file)} as ${ident(name)} (read_only)`);
    return this.#connection.rows(
      `select table_schema as schema, table_name as name from information_schema.tables where table_catalog = ${text(name)}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection[Symbol.dispose]();
    await closeInstance(this.#instance);
    rmSync(this.#spill, { recursive: true, force: true });
  }
}
