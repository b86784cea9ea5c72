import type { Connection } from './connection.ts';
import { ident, qualified } from './sql.ts';

let opened = 0;

/**
 * A database in memory beside the warehouse in the same DuckDB: SELECTs may read both, and what is made there is gone with it. The
 * warehouse itself is not touched. Nothing of the warehouse may be written in a transaction that writes here.
 */
export class ScratchDatabase implements AsyncDisposable {
  readonly name: string;
  readonly #connection: Connection;

  private constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.name = name;
  }

  /** To be called outside of a transaction, as disposing it. */
  static async open(connection: Connection): Promise<ScratchDatabase> {
    const name = `lens_scratch_${++opened}`;
    await connection.run(`attach ':memory:' as ${ident(name)}`);
    return new ScratchDatabase(connection, name);
  }

  /** A relation of it, quoted; a SELECT sees it by its name without schema, as one of the warehouse. */
  relation(schema: string, identifier: string): string {
    return `${ident(this.name)}.${qualified(schema, identifier)}`;
  }

  /** Makes a table or view of a SELECT. QUERY_FAILED with DuckDB's message. */
  async create(kind: 'table' | 'view', schema: string, identifier: string, sql: string): Promise<void> {
    await this.#connection.run(
      `create schema if not exists ${ident(this.name)}.${ident(schema)};
       create or replace ${kind} ${this.relation(schema, identifier)} as select * from (\n${sql}\n)`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.run(`detach ${ident(this.name)}`);
  }
}
