import { sqlType, type Column } from '../core/columns.ts';
import { LensError } from '../core/errors.ts';
import type { RawRelation } from '../maintenance/planner.ts';
import type { Project, Seed, SourceTable } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { TopicContract } from '../topics/topic-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident, qualified, text } from '../warehouse/sql.ts';
import { storedColumn } from '../warehouse/stored-column.ts';
import type { ColumnChange } from './changes/change-plan.ts';
import { rawTableChange } from './changes/raw-table-change.ts';

/** A topic's raw table in the warehouse. Rebuilt by replaying the topic; nothing but landing writes to it. */
export interface RawTable {
  readonly contract: TopicContract;
  readonly schema: string;
  readonly name: string;
  /** Quoted, ready for SQL. */
  readonly relation: string;
}

/**
 * The raw tables of a catalog, in the schema of the dbt source they feed, else in the project's own. Only sources that an
 * enabled model reads count: ones without a topic are PROJECT_INVALID, and so are two that are fed by one topic into tables of different
 * schemas. A topic that feeds a seed's table feeds it in the seed's schema.
 */
export function rawTables(catalog: TopicCatalog, project: Project): RawTable[] {
  const missing = unfedSources(catalog, project);
  if (missing.length > 0) throw unfed(missing, project);
  return fedTables(catalog, project);
}

/** The same for a project some of whose sources have no topic yet. */
export function fedTables(catalog: TopicCatalog, project: Project): RawTable[] {
  const sources = sourcesRead(project);
  return catalog.contracts.map((contract) => {
    const [source, ...others] = sources.filter((s) => s.table === contract.table);
    const other = others.find((s) => s.schema !== source?.schema);
    if (source !== undefined && other !== undefined) throw ambiguous(source, other);
    const seed = project.seeds.find(({ alias }) => alias === contract.table);
    // a source that nobody reads says where its table belongs all the same
    const named = source ?? seed ?? project.sources.find((s) => s.table === contract.table);
    const schema = named?.schema ?? project.schema;
    return { contract, schema, name: contract.table, relation: qualified(schema, contract.table) };
  });
}

/** Sources that enabled models read and neither a topic nor a seed makes, a table once. */
export function unfedSources(catalog: TopicCatalog, project: Project): SourceTable[] {
  const missing = sourcesRead(project).filter(
    (source) => catalog.forTable(source.table) === undefined && seedOfSource(project, source) === undefined,
  );
  return [...new Map(missing.toReversed().map((source) => [source.table, source])).values()].toReversed();
}

/** The seed whose table a source is. */
export function seedOfSource({ seeds }: Project, { schema, table }: SourceTable): Seed | undefined {
  return seeds.find((seed) => seed.schema === schema && seed.alias === table);
}

function sourcesRead(project: Project): SourceTable[] {
  const read = new Set(project.models.flatMap((model) => model.dependsOn.sourceNames));
  return project.sources.filter((source) => read.has(`${source.sourceName}.${source.name}`));
}

function unfed(missing: readonly SourceTable[], project: Project): LensError {
  const tables = missing.map(({ table }) => table);
  const reader = project.models.find((model) => model.dependsOn.sources.includes(tables[0] as string));
  const what =
    tables.length === 1
      ? `the source table ${tables[0]}, which model ${reader?.name} reads`
      : `${tables.length} source tables that models read: ${tables.join(', ')}`;
  return new LensError('PROJECT_INVALID', `no topic feeds ${what}`, {
    place: missing[0]?.place,
    hint: `lens topics init writes topics/ for what a project reads; by hand it is topics/NAME/topic.yml with \`table: ${tables[0]}\``,
  });
}

function ambiguous(first: SourceTable, second: SourceTable): LensError {
  return new LensError(
    'PROJECT_INVALID',
    `one topic cannot feed two tables: ${first.table} is in schema ${first.schema} by ${first.place}, and in ${second.schema} by ${second.place}`,
    {
      place: second.place,
      hint: 'give both sources the same schema, or each table an identifier and a topic of its own',
    },
  );
}

/** Rows in raw tables, as DuckDB estimates them from its catalog: exact but for rows deleted since a checkpoint. */
export function landedRows(connection: Connection, tables: readonly RawTable[]): Promise<number> {
  const names = tables.map(({ schema, name }) => `(${text(schema)}, ${text(name)})`);
  if (names.length === 0) return Promise.resolve(0);
  return connection.number(
    `select sum(estimated_size) from duckdb_tables()
     where database_name = current_database() and (schema_name, table_name) in (${names.join(', ')})`,
  );
}

/** A raw table as the planner sees it. */
export function rawRelation({ contract, schema, name }: RawTable): RawRelation {
  const columns = contract.columns.map((column) => ({ name: column.name, type: sqlType(column.type) }));
  return { name, schema, identifier: name, columns, key: contract.mode === 'append' ? null : contract.tableKey };
}

/** What became of a raw table at open. */
export interface PreparedTable {
  readonly notices: readonly string[];
  /** The table was not there although its topic had been applied: the topic is landed again, from its earliest offset. */
  readonly landedAgain: boolean;
}

/**
 * Creates a missing raw table and adds columns that a newer contract brought, inside the caller's transaction. Notices
 * name each added column, since only a replay fills it for records landed before. A changed type or key is CONFIG_INVALID
 * with the way out.
 */
export async function prepareRawTable(connection: Connection, table: RawTable): Promise<PreparedTable> {
  const { contract, schema, name, relation } = table;
  const change = await rawTableChange(connection, table);
  const done = { notices: [], landedAgain: false };
  if (change === null) return done;
  if (change.change === 'replay') {
    throw new LensError('CONFIG_INVALID', change.what, { place: contract.place, hint: LAND_AGAIN });
  }
  if (change.change === 'columns') {
    for (const column of contract.columns.filter((one) => change.columns.some((added) => added.name === one.name))) {
      await connection.run(`alter table ${relation} add column ${definition(column, false)}`);
    }
    const notice = ({ name: column }: ColumnChange): string =>
      `${name}.${column} is new and null for rows landed before; lens run --full-refresh fills it`;
    return { ...done, notices: change.columns.map(notice) };
  }
  const definitions = contract.columns.map((column) => definition(column, contract.tableKey.includes(column.name)));
  await connection.run(
    `create schema if not exists ${ident(schema)}; create table ${relation} (${definitions.join(', ')});
     delete from lens.checkpoint where topic = ${text(contract.name)}`,
  );
  return change.change === 'new' ? done : { notices: [change.what], landedAgain: true };
}

function definition(column: Column, key: boolean): string {
  return `${storedColumn(column.name, sqlType(column.type))}${key ? ' not null' : ''}`;
}

const LAND_AGAIN =
  'move warehouse.duckdb away from the data folder: the next start lands the topics again, by their new contracts';
