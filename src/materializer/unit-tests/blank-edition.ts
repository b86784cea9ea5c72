import { qualified } from '../../warehouse/sql.ts';
import { Edition, type EditionOptions } from '../edition.ts';

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Tables that may hold rows: the estimate counts deleted ones, too. */
const FILLED = `select schema_name as schema, table_name as name from duckdb_tables()
  where database_name = current_database() and not internal and not temporary and estimated_size > 0`;

/**
 * An edition in memory that is made blank and used again, for replays that each begin with nothing: to make one takes longer than what
 * such a replay does in it. One in which anything failed is not to be used again.
 */
export class BlankEdition implements AsyncDisposable {
  readonly edition: Edition;
  /** The rows that tables had when it was opened, in temporary tables of its writing connection. */
  readonly #first: ReadonlyMap<string, string>;
  #used = false;

  private constructor(edition: Edition, first: ReadonlyMap<string, string>) {
    this.edition = edition;
    this.#first = first;
  }

  static async open(file: string, options: EditionOptions): Promise<BlankEdition> {
    const edition = await Edition.open(file, options);
    const first = await edition.write(async (connection) => {
      const kept = new Map<string, string>();
      for (const { schema, name } of await connection.rows<TableName>(FILLED)) {
        const table = qualified(schema, name);
        if ((await connection.number(`select count(*) from ${table}`)) === 0) continue;
        kept.set(table, `lens_first_${kept.size}`);
        await connection.run(`create temporary table ${kept.get(table)} as from ${table}`);
      }
      return kept;
    });
    return new BlankEdition(edition, first);
  }

  /** The edition, with every table as it was when it was opened. */
  async blank(): Promise<Edition> {
    if (this.#used) {
      await this.edition.compaction.idle();
      await this.edition.write(async (connection) => {
        const filled = (await connection.rows<TableName>(FILLED)).map(({ schema, name }) => qualified(schema, name));
        const statements = [...new Set([...filled, ...this.#first.keys()])].map((table) => {
          const first = this.#first.get(table);
          return `delete from ${table}${first === undefined ? '' : `; insert into ${table} from ${first}`}`;
        });
        await connection.run(statements.join(';\n'));
      });
    }
    this.#used = true;
    return this.edition;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.edition[Symbol.asyncDispose]();
  }
}
