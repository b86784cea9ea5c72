import { DuckDBInstance, StatementType } from '@duckdb/node-api';
import { LensError, messageOf } from '../core/errors.ts';
import { wordsOf } from './query-failed.ts';
import { makeInAnyOrder } from './any-order.ts';
import { catalogObjects, objectKey, type CatalogObject } from './catalog-objects.ts';
import { closeInstance } from './close-instance.ts';
import { Connection } from './connection.ts';
import { ident, qualified, text } from './sql.ts';
import { DUCKDB_SETTINGS } from './warehouse.ts';

/** How DuckDB says that a view is not what a statement may write to. */
const NO_TABLE = /is not an? table|can only (?:update|delete from|merge into|create an index on a) base table/i;

/**
 * Tells what a statement writes to, by DuckDB's own binder: in a database in memory with the warehouse's names, in which all that may not
 * be written is a view. A statement that binds there writes to nothing else, however its SQL is put.
 */
export class StatementJudge implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: Connection;
  readonly #writable: ReadonlyMap<string, string>;

  private constructor(instance: DuckDBInstance, connection: Connection, writable: ReadonlyMap<string, string>) {
    this.#writable = writable;
    this.#instance = instance;
    this.#connection = connection;
  }

  /**
   * @param connection of the warehouse: what its transaction sees, with its temporary tables
   * @param writable what may be written, by {@link objectKey}, with the statement that made what DuckDB keeps no SQL of
   */
  static async open(connection: Connection, writable: ReadonlyMap<string, string>): Promise<StatementJudge> {
    const instance = await DuckDBInstance.create(':memory:', { ...DUCKDB_SETTINGS, threads: '1' });
    const own = new Connection(await instance.connect());
    try {
      const [place] = await connection.rows<{ name: string }>('select current_database() as name');
      const name = ident(place?.name ?? 'warehouse');
      await own.run(`attach ':memory:' as ${name}; use ${name}; set global TimeZone = 'UTC'`);
      // A macro over what is gone is of no use to any statement, which DuckDB says.
      await makeInAnyOrder(own, await copies(connection, writable));
      return new StatementJudge(instance, own, writable);
    } catch (error) {
      own[Symbol.dispose]();
      await closeInstance(instance);
      throw error;
    }
  }

  /**
   * DuckDB's word for the kind of one statement that may be run: `SELECT`, `INSERT`, `CREATE`. HOOK_REFUSED when it writes to what is
   * not writable, QUERY_FAILED with DuckDB's message for one that does not bind.
   */
  async judge(sql: string): Promise<string> {
    try {
      const statements = await this.#connection.raw.extractStatements(sql);
      const last = await statements.prepare(statements.count - 1);
      const kind = StatementType[last.statementType] ?? 'INVALID';
      // DuckDB makes a CREATE TYPE and a SELECT of a PIVOT.
      if (statements.count > 1 && !/\bpivot/i.test(sql)) throw refused(`it is ${statements.count} statements`);
      if (kind === 'ALTER' || kind === 'DROP') await this.#rehearse(sql);
      return kind;
    } catch (error) {
      if (error instanceof LensError && error.code === 'HOOK_REFUSED') throw error;
      const message = wordsOf(error);
      if (NO_TABLE.test(message))
        throw refused(`it writes to what is kept from the log (${message.split('\n')[0]})`, error);
      throw new LensError('QUERY_FAILED', message, { cause: error, fields: { sql } });
    }
  }

  /** Runs it over the empty copies: where a view is altered or gone after that, a table would be. */
  async #rehearse(sql: string): Promise<void> {
    const views = async (): Promise<string> => {
      const objects = [...(await catalogObjects(this.#connection)).values()];
      return JSON.stringify(objects.filter((one) => one.kind === 'view' && !this.#writable.has(objectKey(one))));
    };
    const before = await views();
    await this.#connection.run('begin transaction');
    try {
      await this.#connection.run(sql);
      if ((await views()) !== before) throw refused('it changes what is kept from the log');
    } catch (error) {
      if (!/is of type View|not an? table|can only modify/i.test(messageOf(error))) throw error;
      throw refused(`it changes what is kept from the log (${messageOf(error).split('\n')[0]})`, error);
    } finally {
      await this.#connection.run('rollback').catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection[Symbol.dispose]();
    await closeInstance(this.#instance);
  }
}

/** @param why how the sentence goes on after "the statement was not run, since" */
export function refused(why: string, cause?: unknown): LensError {
  return new LensError('HOOK_REFUSED', `the statement was not run, since ${why}`, {
    hint: 'hooks and operations may change only what they have made; models, seeds and raw tables follow from the log',
    cause,
  });
}

/** The statements that make the copies, of all objects but indexes in any order. */
async function copies(
  connection: Connection,
  writable: ReadonlyMap<string, string>,
): Promise<{ readonly sql: string }[]> {
  const objects = [...(await catalogObjects(connection)).values()];
  const isWritable = (object: CatalogObject): boolean => writable.has(objectKey(object));
  const of = (kind: CatalogObject['kind']): CatalogObject[] => objects.filter((object) => object.kind === kind);
  const definition = (object: CatalogObject): string => writable.get(objectKey(object)) ?? '';
  const own = [...of('type'), ...of('macro')].filter(isWritable).map(definition);
  const tables = of('table').filter(isWritable);
  const statements = [
    ...of('schema').map(({ name }) => `create schema if not exists ${ident(name)}`),
    ...of('sequence').map(({ sql }) => sql),
    ...own
      .filter((sql) => sql !== '')
      .map((sql) => sql.replace(/^create /i, 'create or replace ').replace(/or replace or replace/i, 'or replace')),
    ...tables.map(({ sql }) => sql),
    // A view of hooks, too, is written to by nothing but what makes it anew.
    ...(await asViews(
      connection,
      objects.filter((object) => object.kind === 'view' || (object.kind === 'table' && !isWritable(object))),
    )),
    ...of('index')
      .filter(({ schema, on }) => tables.some((one) => one.schema === schema && one.name === on?.table))
      .map(({ sql }) => sql),
    ...(await temporaries(connection)),
  ];
  return statements.map((sql) => ({ sql }));
}

async function asViews(connection: Connection, objects: readonly CatalogObject[]): Promise<string[]> {
  const columns = await connection.rows<{ s: string; t: string; list: string }>(
    `select schema_name s, table_name t,
       string_agg('null::' || data_type || ' as "' || replace(column_name, '"', '""') || '"', ', ' order by column_index) list
     from duckdb_columns() where database_name = current_database() and not internal group by all`,
  );
  const lists = new Map(columns.map(({ s, t, list }) => [JSON.stringify([s, t]), list]));
  return objects.map(({ schema, name }) => {
    const list = lists.get(JSON.stringify([schema, name])) ?? 'null as unknown';
    return `create view ${qualified(schema, name)} as select ${list} where false`;
  });
}

/** Those of the connection itself. */
async function temporaries(connection: Connection): Promise<string[]> {
  const rows = await connection.rows<{ sql: string }>(
    `select sql from duckdb_tables() where temporary and database_name = ${text('temp')}
     union all select sql from duckdb_views() where temporary and not internal`,
  );
  return rows.map(({ sql }) => sql);
}
