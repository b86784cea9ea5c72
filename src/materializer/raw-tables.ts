import { sqlType, type Column } from '../core/columns.ts';
import { LensError } from '../core/errors.ts';
import type { RawRelation } from '../maintenance/planner.ts';
import type { Project, SourceTable } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { TopicContract } from '../topics/topic-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident, qualified, text } from '../warehouse/sql.ts';

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
 * enabled model reads count: one without a topic is PROJECT_INVALID, so is a seed that a model reads, and so are two that are fed by one topic into
 * tables of different schemas.
 */
export function rawTables(catalog: TopicCatalog, project: Project): RawTable[] {
  refuseSeeds(project);
  const read = new Set(project.models.flatMap((model) => model.dependsOn.sourceNames));
  const sources = project.sources.filter((source) => read.has(`${source.sourceName}.${source.name}`));
  for (const source of sources) {
    if (catalog.forTable(source.table) === undefined) {
      const reader = project.models.find((model) => model.dependsOn.sources.includes(source.table));
      throw new LensError(
        'PROJECT_INVALID',
        `no topic feeds the source table ${source.table}, which model ${reader?.name} reads`,
        { place: source.place, hint: `add topics/NAME/topic.yml with \`table: ${source.table}\`` },
      );
    }
  }
  return catalog.contracts.map((contract) => {
    const [source, ...others] = sources.filter((s) => s.table === contract.table);
    const other = others.find((s) => s.schema !== source?.schema);
    if (source !== undefined && other !== undefined) throw ambiguous(source, other);
    // a source that nobody reads says where its table belongs all the same
    const schema = (source ?? project.sources.find((s) => s.table === contract.table))?.schema ?? project.schema;
    return { contract, schema, name: contract.table, relation: qualified(schema, contract.table) };
  });
}

/** Seeds are nodes of the project, and no tables of the warehouse. */
function refuseSeeds({ models }: Project): void {
  for (const { name, path, dependsOn } of models) {
    const [seed] = dependsOn.seeds;
    if (seed === undefined) continue;
    throw new LensError('PROJECT_INVALID', `model ${name} reads the seed ${seed}, and seeds are not run`, {
      place: path,
      hint: 'feed its rows through a topic, and read them as a source',
    });
  }
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
  const before = await columnsOf(connection, table);
  const definitions = contract.columns.map((column) => definition(column, contract.tableKey.includes(column.name)));
  await connection.run(
    `create schema if not exists ${ident(schema)}; create table if not exists ${relation} (${definitions.join(', ')})`,
  );
  if (before.length === 0) {
    const landedAgain = await forgetOffsets(connection, contract.name);
    const notice = `${name} was not there: topic ${contract.name} is landed again from its earliest offset`;
    return { notices: landedAgain ? [notice] : [], landedAgain };
  }
  const keyBefore = before.filter(({ nullable }) => !nullable).map((column) => column.name);
  if (!sameNames(keyBefore, contract.tableKey)) throw otherKey(table, keyBefore);
  const notices: string[] = [];
  for (const [i, column] of contract.columns.entries()) {
    const existing = before.find((one) => one.name === column.name);
    if (existing !== undefined && existing.type !== sqlType(column.type)) throw changed(table, column, existing.type);
    if (existing !== undefined) continue;
    if (i < before.length) throw changed(table, column, 'not there');
    await connection.run(`alter table ${relation} add column ${definition(column, false)}`);
    notices.push(`${name}.${column.name} is new and null for rows landed before; lens run --full-refresh fills it`);
  }
  return { notices, landedAgain: false };
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

/** Takes a topic out of the checkpoint, so that it is read from its earliest offset; false when it was not in it. */
async function forgetOffsets(connection: Connection, topic: string): Promise<boolean> {
  const of = `from lens.checkpoint where topic = ${text(topic)}`;
  const applied = await connection.number(`select count(*) ${of} and next_offset > first_offset`);
  await connection.run(`delete ${of}`);
  return applied > 0;
}

function definition(column: Column, key: boolean): string {
  return `${ident(column.name)} ${sqlType(column.type)}${key ? ' not null' : ''}`;
}

const LAND_AGAIN =
  'move warehouse.duckdb away from the data folder: the next start lands the topics again, by their new contracts';

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

/** One row a key was kept of: those that are gone come back with a replay only. */
function otherKey({ name, contract }: RawTable, before: readonly string[]): LensError {
  return new LensError(
    'CONFIG_INVALID',
    `${name} is kept by the key ${before.join(', ')} in the warehouse, by ${contract.tableKey.join(', ')} in the topic's contract`,
    { place: contract.place, hint: LAND_AGAIN },
  );
}

function changed(table: RawTable, column: Column, found: string): LensError {
  return new LensError(
    'CONFIG_INVALID',
    `${table.name}.${column.name} is ${found} in the warehouse, ${sqlType(column.type)} by the topic's contract`,
    { place: table.contract.place, hint: LAND_AGAIN },
  );
}
