import type { Connection } from './connection.ts';
import { ident, qualified, text } from './sql.ts';

/** A table whose rows are looked up by one column, its unique key. */
export interface KeyedTable {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/**
 * From so many rows on a table has its key indexed: finding and deleting 50 scattered rows of ten million takes 6 ms then, and 33
 * by reading the key of every row (DuckDB 1.5.6). A smaller one is read faster than the index earns its upkeep.
 */
export const INDEX_FROM_ROWS = 1_000_000;
/** So many keys at most are looked up by an index: DuckDB hands them to the scan as a list, and ends there with index scans. */
export const LOOKED_UP_KEYS = 2_048;
/** Bytes that an index takes for each row at least, of whole numbers that lie close; scattered ones take 50, texts of 36 characters 95 (DuckDB 1.5.6). */
const BYTES_A_ROW = 10;

export interface IndexBounds {
  /** Rows from which on a table is indexed. */
  readonly fromRows?: number | undefined;
  /** Bytes that all indexes together may take: DuckDB holds them in memory. */
  readonly maxBytes?: number | undefined;
}

/**
 * The indexes by which batches find the rows they replace. They are no part of the data: made where a table has grown large,
 * dropped before records are landed in bulk, since keeping one current costs more than making it anew at the end.
 *
 * Plain indexes, never unique: a unique one refuses to delete a key and insert it again in one transaction.
 */
export class KeyIndexes {
  readonly #tables: readonly KeyedTable[];
  readonly #fromRows: number;
  readonly #maxBytes: number;
  /** What is known of them; null once tables may have grown or been made anew since the last look. */
  #state: 'made' | 'dropped' | null = null;
  #small: ReadonlySet<string> = new Set();
  /** What each was seen to take, when it was made: one for which there is no room is not made again. */
  readonly #bytes = new Map<string, number>();

  constructor(tables: readonly KeyedTable[], { fromRows = INDEX_FROM_ROWS, maxBytes = Infinity }: IndexBounds = {}) {
    this.#tables = tables;
    this.#fromRows = fromRows;
    this.#maxBytes = maxBytes;
  }

  /** Tables that are too small for one, as `"schema"."table"`: of all in the file, at the last look. */
  get small(): ReadonlySet<string> {
    return this.#small;
  }

  /** Whether nothing is missing, as far as is known. */
  get made(): boolean {
    return this.#state === 'made';
  }

  /**
   * Makes the indexes that are missing and fit in, outside of a transaction: an index cannot be made beside changes of one.
   */
  async make(connection: Connection): Promise<void> {
    if (this.#state === 'made') return;
    const there = await names(connection);
    const sizes = await tableSizes(connection);
    this.#small = new Set([...sizes].flatMap(([table, rows]) => (rows < this.#fromRows ? [table] : [])));
    let bytes = 0;
    for (const keyed of this.#tables) {
      const { schema, table, column } = keyed;
      const name = nameOf(keyed);
      const rows = sizes.get(qualified(schema, table)) ?? 0;
      const expected = this.#bytes.get(name) ?? rows * BYTES_A_ROW;
      if (rows < this.#fromRows || bytes + expected > this.#maxBytes) continue;
      if (!(await isIndexable(connection, keyed))) continue;
      if (!there.has(name)) {
        const before = await bytesOfAll(connection);
        await connection.run(`create index ${ident(name)} on ${qualified(schema, table)} (${ident(column)})`);
        this.#bytes.set(name, Math.max(rows * BYTES_A_ROW, (await bytesOfAll(connection)) - before));
      }
      bytes += this.#bytes.get(name) ?? expected;
      if (bytes <= this.#maxBytes) continue;
      // How much one takes depends on how its keys are spread: it is not known before it is made.
      await connection.run(`drop index ${qualified(schema, name)}`);
      bytes -= this.#bytes.get(name) ?? expected;
    }
    this.#state = 'made';
  }

  /** The same, also where it was done before: tables may have grown or been made anew. */
  async makeAgain(connection: Connection): Promise<void> {
    this.#state = null;
    await this.make(connection);
  }

  /** Drops them all, outside of a transaction. */
  async drop(connection: Connection): Promise<void> {
    if (this.#state === 'dropped') return;
    const there = await names(connection);
    for (const keyed of this.#tables) {
      if (there.has(nameOf(keyed))) await connection.run(`drop index ${qualified(keyed.schema, nameOf(keyed))}`);
    }
    this.#state = 'dropped';
  }
}

async function names(connection: Connection): Promise<Set<string>> {
  const rows = await connection.rows<{ name: string }>(
    'select index_name as name from duckdb_indexes() where database_name = current_database()',
  );
  return new Set(rows.map(({ name }) => name));
}

/** What all indexes of the process's database have in memory. */
function bytesOfAll(connection: Connection): Promise<number> {
  return connection.number("select memory_usage_bytes from duckdb_memory() where tag = 'ART_INDEX'");
}

/** The schema is in the name, since a name is looked for among all. */
function nameOf({ schema, table }: KeyedTable): string {
  return `lens_key_${schema}_${table}`;
}

/** Rows by `"schema"."table"`, as DuckDB estimates them from its catalog. */
async function tableSizes(connection: Connection): Promise<Map<string, number>> {
  const rows = await connection.rows<{ schema: string; table: string; size: number }>(
    `select schema_name as schema, table_name as "table", estimated_size as size
     from duckdb_tables() where database_name = current_database()`,
  );
  return new Map(rows.map(({ schema, table, size }) => [qualified(schema, table), size]));
}

/** False where the column has a type that DuckDB cannot index or that is too wide to. */
async function isIndexable(connection: Connection, { schema, table, column }: KeyedTable): Promise<boolean> {
  const found = await connection.number(
    `select count(*) from duckdb_columns()
     where database_name = current_database() and schema_name = ${text(schema)} and table_name = ${text(table)}
       and column_name = ${text(column)}
       and data_type in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UUID', 'VARCHAR')`,
  );
  return found > 0;
}
