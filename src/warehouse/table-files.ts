import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { LensError, messageOf } from '../core/errors.ts';
import { type ResultColumn } from './read-only-query.ts';
import { ScratchReader } from './scratch-reader.ts';
import { ident, text } from './sql.ts';

/** A table as it lies in a file. */
export interface TableFile {
  /** The file, with the table's name where it holds several. */
  readonly place: string;
  /** With the types that DuckDB has, or guesses of a CSV. */
  readonly columns: readonly ResultColumn[];
  /** What `from` takes: every column as it is stored, those of a CSV as texts. */
  readonly stored: string;
}

const READERS: Readonly<Record<string, (file: string, asText: boolean) => string>> = {
  '.parquet': (file) => `read_parquet(${text(file)})`,
  '.csv': csv,
  '.tsv': csv,
  '.json': json,
  '.jsonl': json,
  '.ndjson': json,
};

/**
 * Tables that lie as files, for their columns and rows: a DuckDB file (of dbt-duckdb, say), a CSV, Parquet or JSON file, or a folder of such
 * files that are called like their tables. Nothing is written.
 */
export class TableFiles implements AsyncDisposable {
  /** As it was given. */
  readonly place: string;
  readonly #reader: ScratchReader;
  /** The tables of a DuckDB file, or null. */
  readonly #attached: readonly { schema: string; name: string }[] | null;

  private constructor(
    place: string,
    reader: ScratchReader,
    attached: readonly { schema: string; name: string }[] | null,
  ) {
    this.place = place;
    this.#reader = reader;
    this.#attached = attached;
  }

  /** INPUT_UNREADABLE when there is nothing, or DuckDB cannot open it. */
  static async open(place: string): Promise<TableFiles> {
    if (!existsSync(place)) throw unreadable(place, 'there is no such file or folder');
    const reader = await ScratchReader.open();
    try {
      if (statSync(place).isDirectory() || readerOf(place) !== undefined) return new TableFiles(place, reader, null);
      return new TableFiles(place, reader, await reader.attach(place, 'given'));
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw unreadable(place, messageOf(error));
    }
  }

  /** Whether it is one file with one table, whatever that is called. */
  get isOneTable(): boolean {
    return this.#attached === null && !statSync(this.place).isDirectory();
  }

  /** The table of a schema; in a folder the file that is called by one of the names. Null when there is none. */
  async find(schema: string, names: readonly string[]): Promise<TableFile | null> {
    if (this.#attached !== null) return this.#attachedTable(this.#attached, schema, names);
    if (this.isOneTable) return this.file();
    const files = names.flatMap((name) =>
      Object.keys(READERS).map((ending) => path.join(this.place, `${name}${ending}`)),
    );
    const file = files.find((one) => existsSync(one));
    return file === undefined ? null : this.#file(file);
  }

  /** The table of a place that is one table. */
  file(): Promise<TableFile> {
    return this.#file(this.place);
  }

  /** Whether a column has no null and no value twice. False for a table without two rows, which tells nothing. */
  async isUnique({ stored }: TableFile, column: string): Promise<boolean> {
    const rows = 'count(*) > 1 and count(*) = count(distinct ';
    return (await this.#reader.number(`select (${rows}${ident(column)}))::int from ${stored}`)) === 1;
  }

  /** The rows with these columns, of these types, as JSON values by name, in chunks; a column that the table does not have is missing. */
  async *rows(table: TableFile, columns: readonly ResultColumn[]): AsyncGenerator<Record<string, unknown>[]> {
    const own = new Map(table.columns.map(({ name }) => [name.toLowerCase(), name]));
    const there = columns.flatMap(({ name, type }) => {
      const stored = own.get(name.toLowerCase());
      return stored === undefined ? [] : [{ name, type, stored }];
    });
    const list = there.map(({ type, stored }) => `cast(${ident(stored)} as ${type})`);
    if (list.length === 0) return;
    for await (const rows of this.#reader.jsonRows(`select ${list.join(', ')} from ${table.stored}`)) {
      yield rows.map((row) => Object.fromEntries(there.map(({ name }, at) => [name, row[at]])));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }

  async #file(file: string): Promise<TableFile> {
    const read = readerOf(file) as (file: string, asText: boolean) => string;
    const columns = await this.#reader.describe(`select * from ${read(file, false)}`).catch((error: unknown) => {
      throw unreadable(file, messageOf(error));
    });
    return { place: file, columns, stored: read(file, true) };
  }

  async #attachedTable(
    tables: readonly { schema: string; name: string }[],
    schema: string,
    names: readonly string[],
  ): Promise<TableFile | null> {
    const named = tables.filter(({ name }) => names.some((one) => one.toLowerCase() === name.toLowerCase()));
    const own = named.find((one) => one.schema.toLowerCase() === schema.toLowerCase());
    const found = own ?? (named.length === 1 ? named[0] : undefined);
    if (found === undefined) return null;
    const stored = `given.${ident(found.schema)}.${ident(found.name)}`;
    const columns = await this.#reader.describe(`select * from ${stored}`);
    return { place: `${found.schema}.${found.name} of ${this.place}`, columns, stored };
  }
}

function readerOf(file: string): ((file: string, asText: boolean) => string) | undefined {
  return READERS[path.extname(file).toLowerCase()];
}

function csv(file: string, asText: boolean): string {
  return `read_csv(${text(file)}, header = true, sample_size = -1${asText ? ', all_varchar = true' : ''})`;
}

/** An array of objects, or objects one after another; records within them and lists are such. */
function json(file: string): string {
  return `read_json(${text(file)}, sample_size = -1, maximum_depth = -1)`;
}

function unreadable(place: string, why: string): LensError {
  return new LensError('INPUT_UNREADABLE', `cannot read ${place}: ${why}`, {
    place,
    hint: 'a DuckDB file, a CSV, Parquet or JSON file, or a folder of such files that are called like their tables',
  });
}
