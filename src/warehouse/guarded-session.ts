import { catalogObjects, objectKey, type CatalogObject } from './catalog-objects.ts';
import type { Connection } from './connection.ts';
import { refused, StatementJudge } from './statement-judge.ts';
import { text } from './sql.ts';

/** What is to be said of a statement that was not run, and is no failure. */
export type NotRun = string;

export interface GuardedOptions {
  /** What of the project is at a place of the warehouse, as `model x`; null when nothing. */
  readonly ownerOf: (schema: string, name: string) => string | null;
  /** Whether an index may be made on a table of the project. */
  readonly indexable: (schema: string, name: string) => boolean;
}

/** Statements that set up a session, which is set up here already: the first words of each. */
const SETTINGS =
  /^(?:(?:set|reset|pragma)\b(?! ?variable\b)(?! (?:(?:local|session|global) )?(?:schema|search_path)\b)|install\b|load\b|force install\b|(?:force )?checkpoint\b)/i;
/** What is there anyway: extensions that are part of DuckDB as it comes. */
const BUILT_IN = /^(?:install|force install|load) ['"]?(?:autocomplete|core_functions|icu|json|parquet)['"]?$/i;
/** Statements that nobody could look into, that reach out of the warehouse, or that end the transaction. */
const OUTSIDE =
  /^(?:use|set (?:(?:local|session|global) )?(?:schema|search_path)|attach|detach|copy|export|import|begin|start|commit|end|rollback|abort|prepare|execute|deallocate|call|update extensions)\b/i;
const WITH_EFFECTS =
  /\b(?:force_checkpoint|checkpoint|(?:enable|disable)_(?:logging|profiling|peg_parser)|truncate_duckdb_logs|json_execute_serialized_sql) *\(/i;
const KINDS = new Set([
  'SELECT',
  'EXPLAIN',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE_INTO',
  'CREATE',
  'DROP',
  'ALTER',
  'SET',
]);
const DEFINING = new Set(['CREATE', 'DROP', 'ALTER']);

/**
 * Runs statements of hooks on one connection. They may read everything, and change only what statements of hooks have made, which
 * `lens.hook_objects` remembers in the same transaction; they may make indexes on stored models, and comment on anything.
 */
export class GuardedSession implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #options: GuardedOptions;
  #judge: StatementJudge | null = null;
  #open = false;
  /** Whether the transaction under way has changed the catalog. */
  #defined = false;

  /** @param connection used for nothing else, and closed with it */
  constructor(connection: Connection, options: GuardedOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Whether a transaction is under way. */
  get inTransaction(): boolean {
    return this.#open;
  }

  /** Work in one transaction. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.begin();
    try {
      const result = await work();
      await this.commit();
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  async begin(): Promise<void> {
    await this.#connection.run('begin transaction');
    this.#open = true;
    this.#defined = false;
  }

  async commit(): Promise<void> {
    await this.#connection.run('commit');
    this.#open = false;
  }

  async rollback(): Promise<void> {
    this.#open = false;
    // A COMMIT that failed has rolled back already: then there is no transaction left to end.
    await this.#connection.run('rollback').catch(() => undefined);
    // What it made is not there.
    if (this.#defined) await this.#forgetJudge();
  }

  /** A statement of ours. */
  own(sql: string): Promise<void> {
    return this.#connection.run(sql);
  }

  /**
   * Runs one statement inside a transaction and gives its rows. HOOK_REFUSED for one that may not be run, with nothing done; a sentence
   * for one that is left out; QUERY_FAILED with DuckDB's message.
   *
   * @param words the statement without comments and with one space between its tokens
   */
  async run(sql: string, words: string): Promise<{ readonly rows: Answer } | NotRun> {
    if (BUILT_IN.test(words)) return { rows: NOTHING };
    if (SETTINGS.test(words))
      return `${words.slice(0, 60)}: not run, the warehouse is set up by lens.yml and opened without access to anything outside of it`;
    if (OUTSIDE.test(words))
      throw refused(`${words.split(' ', 1)[0]?.toUpperCase()} cannot be kept within the warehouse and the transaction`);
    if (WITH_EFFECTS.test(words)) throw refused('it calls a function that changes more than tables');
    if (/^(?:vacuum|analyze)\b/i.test(words)) return { rows: await this.#rows(sql) };
    const known = await this.#known();
    if (/^(?:create (?:unique )?|drop )index\b/i.test(words) || /^comment on\b/i.test(words))
      return this.#define(sql, words, known);
    this.#judge ??= await StatementJudge.open(this.#connection, known);
    const kind = await this.#judge.judge(sql);
    if (!KINDS.has(kind) || (kind === 'SET' && !/^set variable\b/i.test(words)))
      throw refused(`${kind} is no kind of statement that a hook may run`);
    if (DEFINING.has(kind)) return this.#define(sql, words, known);
    return { rows: await this.#rows(sql) };
  }

  /** Runs what changes the catalog, and looks at what it has changed before anything of it is committed. */
  async #define(sql: string, words: string, known: ReadonlyMap<string, string>): Promise<{ readonly rows: Answer }> {
    const before = await catalogObjects(this.#connection);
    // Without a rebuild in between the index of the last run is there.
    const same = [...known].find(
      ([key, definition]) => definition === words && /^create index\b/i.test(words) && before.has(key),
    );
    if (same !== undefined) return { rows: NOTHING };
    this.#defined = true;
    const rows = await this.#rows(sql);
    const after = await catalogObjects(this.#connection);
    await this.#forgetJudge();
    for (const [key, object] of before) {
      if (after.get(key)?.mark === object.mark || known.has(key) || isOn(object, known)) continue;
      throw refused(`it changes ${this.#nameOf(object)}, which no hook has made`);
    }
    for (const [key, object] of after) {
      if (before.get(key)?.mark === object.mark) continue;
      await this.#checkNew(object, known);
      await this.#note(object, words);
    }
    for (const [key, object] of before) if (!after.has(key)) await this.#forget(object);
    return { rows };
  }

  async #checkNew(object: CatalogObject, known: ReadonlyMap<string, string>): Promise<void> {
    const { kind, schema, name, on } = object;
    if (schema.toLowerCase() === 'lens') throw refused('it makes something in the schema lens');
    const owner = this.#options.ownerOf(schema, name);
    if ((kind === 'table' || kind === 'view') && owner !== null)
      throw refused(`${schema}.${name} is the place of the ${owner}`);
    if (on !== null && !known.has(objectKey({ kind: 'table', schema, name: on.table }))) {
      if (!this.#options.indexable(schema, on.table))
        throw refused(`an index on ${schema}.${on.table} would stand in the way of its upkeep`);
      if (on.unique)
        throw refused(
          'a unique index on a model would fail its upkeep: a data test, or a constraint of its contract, says the same',
        );
    }
    if (kind !== 'macro' && kind !== 'type') return;
    const builtIn = await this.#connection.number(
      kind === 'macro'
        ? `select count(*) from duckdb_functions() where internal and lower(function_name) = lower(${text(name)})`
        : `select count(*) from duckdb_types() where internal and lower(type_name) = lower(${text(name)})`,
    );
    if (builtIn > 0) throw refused(`DuckDB has a ${kind} ${name}, which models may use`);
  }

  /** What hooks have made, with the statement that did, by {@link objectKey}. */
  async #known(): Promise<Map<string, string>> {
    const rows = await this.#connection.rows<{
      kind: CatalogObject['kind'];
      schema_name: string;
      name: string;
      definition: string;
    }>('select * from lens.hook_objects');
    const made = rows.filter(({ kind, schema_name: schema, name }) => {
      return (kind !== 'table' && kind !== 'view') || this.#options.ownerOf(schema, name) === null;
    });
    return new Map(
      made.map(({ kind, schema_name: schema, name, definition }) => [objectKey({ kind, schema, name }), definition]),
    );
  }

  async #note(object: CatalogObject, definition: string): Promise<void> {
    await this.#forget(object);
    const { kind, schema, name } = object;
    await this.#connection.run('insert into lens.hook_objects values (?, ?, ?, ?)', [kind, schema, name, definition]);
  }

  async #forget({ kind, schema, name }: CatalogObject): Promise<void> {
    await this.#connection.run(
      `delete from lens.hook_objects where kind = ${text(kind)} and lower(schema_name) = lower(${text(schema)})
       and lower(name) = lower(${text(name)})`,
    );
  }

  #nameOf({ kind, schema, name }: CatalogObject): string {
    const owner = kind === 'table' || kind === 'view' ? this.#options.ownerOf(schema, name) : null;
    return owner === null ? `the ${kind} ${schema}.${name}` : `the ${owner}`;
  }

  async #rows(sql: string): Promise<Answer> {
    return this.#connection.answer(sql);
  }

  async #forgetJudge(): Promise<void> {
    await this.#judge?.[Symbol.asyncDispose]();
    this.#judge = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forgetJudge();
    this.#connection[Symbol.dispose]();
  }
}

/** The rows of a statement: values as templates take them. */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

const NOTHING: Answer = { columns: [], rows: [] };

/** An index goes with its table, and is made anew with it. */
function isOn({ kind, schema, on }: CatalogObject, known: ReadonlyMap<string, string>): boolean {
  return kind === 'index' && on !== null && known.has(objectKey({ kind: 'table', schema, name: on.table }));
}
