import { DuckDBInstance } from '@duckdb/node-api';
import { closeInstance } from './close-instance.ts';
import { Connection } from './connection.ts';
import { ident, qualified, text } from './sql.ts';

export interface CatalogColumn {
  readonly name: string;
  readonly type: string;
}

/** DuckDB's own, the same in every catalog: to list them takes as long as to plan a model. */
let unstable: Promise<ReadonlyMap<string, string>> | undefined;

/**
 * A DuckDB of its own in memory in which every relation of a project is there, empty: it binds SELECTs and gives their
 * plans, without touching any data.
 */
export class PlanCatalog implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: Connection;

  private constructor(instance: DuckDBInstance, connection: Connection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param database the name by which its relations are known in their catalog; DuckDB's own when missing */
  static async open(database?: string): Promise<PlanCatalog> {
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      enable_external_access: 'false',
      threads: '1',
    });
    const connection = new Connection(await instance.connect());
    if (database !== undefined) await connection.run(`attach ':memory:' as ${ident(database)}; use ${ident(database)}`);
    return new PlanCatalog(instance, connection);
  }

  async createTable(schema: string, name: string, columns: readonly CatalogColumn[]): Promise<void> {
    const list = columns.map((column) => `${ident(column.name)} ${column.type}`).join(', ');
    await this.#connection.run(
      `create schema if not exists ${ident(schema)}; create or replace table ${qualified(schema, name)} (${list})`,
    );
  }

  /** A view is inlined where it is read, so that plans are over tables alone. QUERY_FAILED when the SELECT does not bind. */
  async createView(schema: string, name: string, sql: string): Promise<void> {
    await this.#connection.run(
      `create schema if not exists ${ident(schema)}; create or replace view ${qualified(schema, name)} as\n${sql}`,
    );
  }

  /** Output columns of a SELECT. QUERY_FAILED with DuckDB's message. */
  describe(sql: string): Promise<CatalogColumn[]> {
    return this.#connection.describe(sql);
  }

  /** The rows of a SELECT, in the JSON form of values. QUERY_FAILED with DuckDB's message. */
  rows(sql: string): Promise<Record<string, unknown>[]> {
    return this.#connection.jsonRows(sql);
  }

  /**
   * The bound plan of one SELECT, not optimized, as `json_serialize_plan` gives it; a text that says why there is none
   * (DuckDB cannot serialize every operator).
   */
  async plan(sql: string): Promise<{ plan: unknown } | { why: string }> {
    const [row] = await this.#connection.rows<{ json: string }>(
      `select json_serialize_plan(${text(sql)}::varchar) as json`,
    );
    const answer = JSON.parse(row?.json ?? '{}') as { error?: boolean; error_message?: string; plans?: unknown[] };
    if (answer.error !== false) return { why: answer.error_message ?? 'DuckDB gives no plan' };
    if (answer.plans?.length !== 1) return { why: 'not one statement' };
    return { plan: answer.plans[0] };
  }

  /** One SELECT as DuckDB's parser has it (`json_serialize_sql`), nothing of it bound; null where it cannot tell. */
  async parsed(sql: string): Promise<unknown> {
    const [row] = await this.#connection.rows<{ json: string }>(
      `select json_serialize_sql(${text(sql)}::varchar) as json`,
    );
    const answer = JSON.parse(row?.json ?? '{}') as { error?: boolean; statements?: unknown[] };
    return answer.error === false ? answer.statements : null;
  }

  /**
   * One SELECT written anew, after `change` has changed its outermost node (of `json_serialize_sql`); null where DuckDB or `change` cannot.
   */
  async rewritten(sql: string, change: (node: Record<string, unknown>) => boolean): Promise<string | null> {
    const [row] = await this.#connection.rows<{ json: string }>(
      `select json_serialize_sql(${text(sql)}::varchar) as json`,
    );
    // A place that is not known is the largest number there is.
    const json = (row?.json ?? '{}').replaceAll(/"query_location":\d+/g, '"query_location":0');
    // Numbers that JavaScript would round.
    if (/[:[,]-?\d{16,}/.test(json)) return null;
    const answer = JSON.parse(json) as { error?: boolean; statements?: { node: Record<string, unknown> }[] };
    const [statement] = answer.statements ?? [];
    if (answer.error !== false || statement === undefined || !change(statement.node)) return null;
    try {
      const [written] = await this.#connection.rows<{ sql: string }>(
        `select json_deserialize_sql(${text(JSON.stringify(answer))}::json) as sql`,
      );
      return written?.sql ?? null;
    } catch {
      return null;
    }
  }

  /** Functions whose value is not a function of their arguments alone, by name, with DuckDB's word for it. */
  unstableFunctions(): Promise<ReadonlyMap<string, string>> {
    return (unstable ??= this.#unstableFunctions());
  }

  async #unstableFunctions(): Promise<Map<string, string>> {
    const rows = await this.#connection.rows<{ name: string; stability: string }>(
      `select distinct function_name as name, stability from duckdb_functions()
       where stability is not null and stability <> 'CONSISTENT' and function_name <> 'error'`,
    );
    return new Map(rows.map(({ name, stability }) => [name, stability]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection[Symbol.dispose]();
    await closeInstance(this.#instance);
  }
}
