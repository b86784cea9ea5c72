import type { Connection } from './connection.ts';

/** What a statement may make, change or drop. */
export interface CatalogObject {
  readonly kind: 'table' | 'view' | 'schema' | 'sequence' | 'macro' | 'type' | 'index';
  readonly schema: string;
  readonly name: string;
  /** Another one when the object was made anew, or is of another form. */
  readonly mark: string;
  /** The SQL that makes it, where DuckDB keeps that; else empty. */
  readonly sql: string;
  /** Of an index: the table, and whether values must be unique. */
  readonly on: { readonly table: string; readonly unique: boolean } | null;
}

const CATALOG = `
  select 'table' kind, schema_name s, table_name n, table_oid::varchar || sql mark, sql, null::varchar t, false u
    from duckdb_tables() where database_name = current_database() and not internal
  union all
  select 'view', schema_name, view_name, view_oid::varchar || sql, sql, null, false
    from duckdb_views() where database_name = current_database() and not internal
  union all
  select 'schema', schema_name, schema_name, '', '', null, false
    from duckdb_schemas() where database_name = current_database() and not internal
  union all
  select 'sequence', schema_name, sequence_name, sequence_oid::varchar,
    -- DuckDB's own text leaves the schema out
    printf('create sequence "%s"."%s" increment by %d minvalue %d maxvalue %d start %d%s', replace(schema_name, '"', '""'),
      replace(sequence_name, '"', '""'), increment_by, min_value, max_value, start_value, if(cycle, ' cycle', '')),
    null, false
    from duckdb_sequences() where database_name = current_database()
  union all
  select distinct 'macro', schema_name, function_name, function_oid::varchar || macro_definition, '', null, false
    from duckdb_functions() where database_name = current_database() and not internal
  union all
  select 'type', schema_name, type_name, type_oid::varchar, '', null, false
    from duckdb_types() where database_name = current_database() and not internal
  union all
  select 'index', schema_name, index_name, index_oid::varchar, sql, table_name, is_unique
    from duckdb_indexes() where database_name = current_database()`;

/** All that the warehouse holds, as the connection's transaction sees it, by {@link objectKey}. */
export async function catalogObjects(connection: Connection): Promise<Map<string, CatalogObject>> {
  const rows = await connection.rows<{
    kind: CatalogObject['kind'];
    s: string;
    n: string;
    mark: string | null;
    sql: string | null;
    t: string | null;
    u: boolean;
  }>(CATALOG);
  return new Map(
    rows.map(({ kind, s, n, mark, sql, t, u }) => {
      const on = t === null ? null : { table: t, unique: u };
      const object = { kind, schema: s, name: n, mark: mark ?? '', sql: sql ?? '', on };
      return [objectKey(object), object];
    }),
  );
}

/** Names do not tell upper from lower case. */
export function objectKey({ kind, schema, name }: Pick<CatalogObject, 'kind' | 'schema' | 'name'>): string {
  return JSON.stringify([kind, schema.toLowerCase(), name.toLowerCase()]);
}
