import { bind, stringArgument } from './jinja/arguments.ts';
import { fromJs, items, text, Thing, type Callable, type Value } from './jinja/values.ts';
import { quoteIdentifier } from './relation-naming.ts';
import { createRelation } from './relation-values.ts';
import { columnThing } from './column-values.ts';

/**
 * What `adapter` has in hooks, where the warehouse as it is answers: all of it is SQL that goes the way of `run_query`.
 *
 * @param query runs a statement and gives its table
 */
export function liveAdapter(query: (sql: string) => Value) {
  const rows = (sql: string): Value[][] => {
    const table = query(sql);
    return table instanceof Thing ? (table.items ?? []).map(items) : [];
  };
  const found = (schema: string, identifier: string): Value => {
    const [row] = rows(
      `select table_type from information_schema.tables where table_catalog = current_database()
       and lower(table_schema) = lower(${literal(schema)}) and lower(table_name) = lower(${literal(identifier)})`,
    );
    if (row === undefined) return null;
    const type = row[0] === 'VIEW' ? 'view' : 'table';
    return createRelation({ positional: [], named: new Map(Object.entries({ schema, identifier, type })) });
  };
  const run = (sql: string): Value => {
    query(sql);
    return '';
  };
  const adapter = {
    get_relation: (args) => {
      const { schema, identifier } = bind('adapter.get_relation', args, ['database', 'schema', 'identifier']);
      return found(text(schema ?? ''), text(identifier ?? ''));
    },
    get_columns_in_relation: ({ positional, named }) => {
      const [schema, identifier] = placeOf(positional[0] ?? named.get('relation') ?? null);
      const columns = rows(
        `select column_name, data_type from duckdb_columns() where database_name = current_database()
         and lower(schema_name) = lower(${literal(schema)}) and lower(table_name) = lower(${literal(identifier)})
         order by column_index`,
      );
      return columns.map(([name, type]) => columnThing({ name: text(name ?? ''), type: text(type ?? '') }));
    },
    check_schema_exists: (args) => {
      const { schema } = bind('adapter.check_schema_exists', args, ['database', 'schema']);
      const sql = `select 1 from information_schema.schemata where catalog_name = current_database()
        and lower(schema_name) = lower(${literal(text(schema ?? ''))})`;
      return rows(sql).length > 0;
    },
    create_schema: ({ positional }) =>
      run(`create schema if not exists ${quoteIdentifier(placeOf(positional[0] ?? null)[0])}`),
    drop_schema: ({ positional }) =>
      run(`drop schema if exists ${quoteIdentifier(placeOf(positional[0] ?? null)[0])} cascade`),
    drop_relation: ({ positional: [relation = null] }) => {
      const kind = relation instanceof Thing && relation.attributes.get('type') === 'view' ? 'view' : 'table';
      return run(`drop ${kind} if exists ${text(relation)} cascade`);
    },
    truncate_relation: ({ positional: [relation = null] }) => run(`truncate ${text(relation)}`),
    execute: ({ positional, named }) => {
      const sql = stringArgument('adapter.execute()', positional[0] ?? named.get('sql'));
      return [fromJs('OK'), query(sql)];
    },
  } satisfies Record<string, Callable>;
  return adapter;
}

export type LiveAdapter = ReturnType<typeof liveAdapter>;

function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function placeOf(relation: Value): [schema: string, identifier: string] {
  if (!(relation instanceof Thing)) return [text(relation), ''];
  return [text(relation.attributes.get('schema') ?? ''), text(relation.attributes.get('identifier') ?? '')];
}
