import { DuckDBInstance } from '@duckdb/node-api';
import { closeInstance } from './close-instance.ts';
import { Connection } from './connection.ts';
import { copyRows } from './copy-rows.ts';
import type { CatalogColumn } from './plan-catalog.ts';
import { ident, text } from './sql.ts';

export interface CsvFile {
  readonly path: string;
  readonly delimiter: string;
  readonly columns: readonly CatalogColumn[];
}

/** QUERY_FAILED with DuckDB's message when {@link readCsv} would not read the file. */
export function checkCsv(file: CsvFile): Promise<void> {
  return withCsv(file, async () => {});
}

/**
 * Reads a CSV file with a header into a temporary table made anew, in the file's order: by DuckDB's own COPY, as dbt-duckdb does, in a
 * DuckDB of its own, since the warehouse's may not touch the file system. QUERY_FAILED with DuckDB's message.
 */
export function readCsv(file: CsvFile, to: Connection, table: string): Promise<void> {
  return withCsv(file, (connection) =>
    connection.transaction(() => copyRows(connection, 'select * from csv', to, table)),
  );
}

async function withCsv(file: CsvFile, work: (connection: Connection) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    threads: '1',
  });
  try {
    using connection = new Connection(await instance.connect());
    const columns = file.columns.map(({ name, type }) => `${ident(name)} ${type}`).join(', ');
    await connection.run(`set TimeZone = 'UTC'; create table csv (${columns})`);
    await connection.run(
      `copy csv from ${text(file.path)} (format csv, header true, delimiter ${text(file.delimiter)})`,
    );
    await work(connection);
  } finally {
    await closeInstance(instance);
  }
}
