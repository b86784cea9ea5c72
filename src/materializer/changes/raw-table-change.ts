import { sqlType } from '../../core/columns.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';
import type { RawTable } from '../raw-tables.ts';
import type { ColumnChange, RawTableChange } from './change-plan.ts';

/** What has to become of a raw table so that it is the one of its topic's contract; null when it is that. Reads only. */
export async function rawTableChange(connection: Connection, table: RawTable): Promise<RawTableChange | null> {
  const { contract, name } = table;
  const about = { name, topic: contract.name };
  const before = await columnsOf(connection, table);
  const wanted = contract.columns.map((column) => ({ name: column.name, type: sqlType(column.type) }));
  const none: readonly ColumnChange[] = [];
  if (before.length === 0) {
    const applied = await connection.number(
      `select count(*) from lens.checkpoint where topic = ${text(contract.name)} and next_offset > first_offset`,
    );
    if (applied === 0) return { ...about, change: 'new', columns: none, what: `fed by topic ${contract.name}` };
    const what = `${name} was not there: topic ${contract.name} is landed again from its earliest offset`;
    return { ...about, change: 'landed again', columns: none, what };
  }
  const replay = (what: string, columns = none): RawTableChange => ({ ...about, change: 'replay', columns, what });
  const key = before.filter(({ nullable }) => !nullable).map((column) => column.name);
  if (key.length !== contract.tableKey.length || !key.every((column) => contract.tableKey.includes(column))) {
    return replay(
      `${name} is kept ${byKey(key)} in the warehouse, ${byKey(contract.tableKey)} by the topic's contract`,
    );
  }
  const added: ColumnChange[] = [];
  for (const [i, column] of wanted.entries()) {
    const found = before.find((one) => one.name === column.name)?.type ?? null;
    if (found !== null && plainNames(found) === plainNames(column.type)) continue;
    const change = { name: column.name, before: found, after: column.type };
    // DuckDB adds columns at the end only.
    if (found === null && i >= before.length) added.push(change);
    else {
      const types = `${found ?? 'not there'} in the warehouse, ${column.type} by the topic's contract`;
      return replay(`${name}.${column.name} is ${types}`, [change]);
    }
  }
  if (added.length === 0) return null;
  const names = added.map((column) => column.name).join(', ');
  return {
    ...about,
    change: 'columns',
    columns: added,
    what: `${name} gets ${names}, null for rows landed before`,
  };
}

function byKey(columns: readonly string[]): string {
  return columns.length === 0 ? 'without a key' : `by the key ${columns.join(', ')}`;
}

/** DuckDB puts only some names of a STRUCT's fields into quotes. */
function plainNames(type: string): string {
  return type.replaceAll(/"(\w+)"/g, '$1');
}

interface StoredColumn {
  readonly name: string;
  readonly type: string;
  /** False for the key's. */
  readonly nullable: boolean;
}

function columnsOf(connection: Connection, { schema, name }: RawTable): Promise<StoredColumn[]> {
  return connection.rows(
    `select column_name as name, data_type as type, is_nullable as nullable from duckdb_columns()
     where database_name = current_database() and schema_name = ${text(schema)} and table_name = ${text(name)}
     order by column_index`,
  );
}
