import { LensError, messageOf } from '../../core/errors.ts';
import type { ChangeSet } from '../../maintenance/change-set.ts';
import { createTemporary, temporary } from '../../maintenance/change-set.ts';
import type { RawRelation } from '../../maintenance/planner.ts';
import { readSeed, type SeedFile } from '../../project/csv/read-seed.ts';
import type { Project, Seed } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { TopicContract } from '../../topics/topic-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { copyRows } from '../../warehouse/copy-rows.ts';
import { checkCsv, type CsvFile, readCsv } from '../../warehouse/csv-table.ts';
import { ident, qualified, text } from '../../warehouse/sql.ts';
import { storedColumn } from '../../warehouse/stored-column.ts';

/** A seed that no topic feeds: a table made of its CSV, and an input of the graph as a raw table is. */
export interface SeedTable {
  readonly file: SeedFile;
  readonly name: string;
  readonly schema: string;
  readonly identifier: string;
  /** Quoted, ready for SQL. */
  readonly relation: string;
}

/** The topic that feeds a seed's table, in place of its CSV. */
export function topicOfSeed(catalog: TopicCatalog, seed: Seed): TopicContract | undefined {
  return catalog.forTable(seed.alias);
}

/** The seeds of a project that no topic feeds, as their files are now; without those that are no tables. */
export function seedTables(catalog: TopicCatalog, project: Project): SeedTable[] {
  return project.seeds
    .filter((seed) => topicOfSeed(catalog, seed) === undefined)
    .flatMap((seed) => tableOf(project.dir, seed) ?? []);
}

/** The same seeds with their lines as their files are now, where these still have the columns. */
export function seedsNow(seeds: readonly SeedTable[], dir: string): SeedTable[] {
  return seeds.map((known) => {
    const now = tableOf(dir, known.file.seed);
    return now !== null && columnsText(now) === columnsText(known) ? now : known;
  });
}

/** Null when its file is no table. */
function tableOf(dir: string, seed: Seed): SeedTable | null {
  try {
    return seedTable(readSeed(dir, seed));
  } catch (error) {
    if (error instanceof LensError) return null;
    throw error;
  }
}

export function seedTable(file: SeedFile): SeedTable {
  const { name, schema, alias } = file.seed;
  return { file, name, schema, identifier: alias, relation: qualified(schema, alias) };
}

/** A seed as the planner sees it. */
export function seedRelation({ name, schema, identifier, file }: SeedTable): RawRelation {
  return { name, schema, identifier, columns: file.columns, key: null };
}

/** Seeds as another warehouse has them, whatever their files say now. */
export interface SeedSource {
  readonly tables: readonly SeedTable[];
  /** Inside a transaction. */
  readonly from: Connection;
}

/**
 * Makes a seed's table when it is missing or has other columns, inside the caller's transaction. Gives what is to be said, or null when
 * nothing was done.
 */
export async function prepareSeed(
  connection: Connection,
  table: SeedTable,
  from?: Connection,
): Promise<{ readonly notice: string } | null> {
  const known = await storedSeed(connection, table);
  const columns = columnsText(table);
  if (known !== null && known.columns === columns) return null;
  const source = from === undefined ? null : await storedSeed(from, table);
  // It could not be loaded there either.
  if (from !== undefined && source === null) return null;
  const loaded = temporary('new', table.name);
  if (from === undefined) await readSeedAgain(connection, table, loaded);
  else await copyRows(from, `select * from ${table.relation}`, connection, `lens_new_${table.name}`);
  await connection.run(
    `create schema if not exists ${ident(table.schema)};
     drop table if exists ${table.relation};
     create table ${table.relation} (${definitions(table)});
     insert into ${table.relation} select * from ${loaded};
     drop table ${loaded}`,
  );
  await noteSeed(connection, table, source?.checksum ?? table.file.checksum);
  const rows = await connection.number(`select count(*) from ${table.relation}`);
  const why = known === null ? '' : ', since its columns changed';
  return {
    notice: `loaded seed ${table.name} from ${table.file.seed.path}: ${rows} ${rows === 1 ? 'row' : 'rows'}${why}`,
  };
}

/** The names of seeds whose tables are missing, or have other columns: what reads them is built anew. */
export async function newSeeds(connection: Connection, tables: readonly SeedTable[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables) {
    if ((await storedSeed(connection, table))?.columns !== columnsText(table)) found.push(table.name);
  }
  return found;
}

/** A seed that no topic feeds, for people. */
export interface SeedStatus {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
  /** The file is another than the one that was loaded. */
  readonly changed: boolean;
  /** Why it cannot be loaded, as far as that is known; otherwise null. */
  readonly problem: string | null;
}

/** What is loaded of a seed, and whether its file is another one by now, or cannot be read. */
export async function seedStatus(connection: Connection, table: SeedTable, projectDir: string): Promise<SeedStatus> {
  const { name, relation, file } = table;
  const { path } = file.seed;
  const stored = await storedSeed(connection, table);
  const rows = stored === null ? 0 : await connection.number(`select count(*) from ${relation}`);
  try {
    return { name, path, rows, changed: stored?.checksum !== readSeed(projectDir, file.seed).checksum, problem: null };
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return { name, path, rows, changed: true, problem: error.message };
  }
}

/** The seeds whose files are others than those that were loaded; none that was not. */
export async function changedSeeds(connection: Connection, tables: readonly SeedTable[]): Promise<SeedTable[]> {
  const changed: SeedTable[] = [];
  for (const table of tables) {
    const stored = await storedSeed(connection, table);
    if (stored !== null && stored.checksum !== table.file.checksum) changed.push(table);
  }
  return changed;
}

/** Loads a seed's file again, inside the batch's transaction: the rows that left and came, or null when they are the same. */
export async function replaceSeed(connection: Connection, table: SeedTable): Promise<ChangeSet | null> {
  const [out, fresh, now] = [temporary('out', table.name), temporary('in', table.name), temporary('new', table.name)];
  await readSeedAgain(connection, table, now);
  // It may not have been loadable so far.
  await connection.run(
    `create schema if not exists ${ident(table.schema)}; create table if not exists ${table.relation} (${definitions(table)})`,
  );
  const rows = await connection.number(
    [
      createTemporary(out, `select * from ${table.relation} except all select * from ${now}`),
      createTemporary(fresh, `select * from ${now} except all select * from ${table.relation}`),
      `delete from ${table.relation}`,
      `insert into ${table.relation} select * from ${now}`,
      `select (select count(*) from ${out}) + (select count(*) from ${fresh})`,
    ].join(';\n'),
  );
  await noteSeed(connection, table, table.file.checksum);
  return rows === 0 ? null : { rowsOut: out, rowsIn: fresh, onlyIn: false };
}

/** A seed's file as it is now in a temporary table made anew, its rows in order. PROJECT_INVALID when it does not fit its types. */
export async function readSeedAgain(connection: Connection, table: SeedTable, temporaryTable: string): Promise<void> {
  const { file } = table;
  const target = temporaryTable.replace(/^temp\."(.*)"$/, '$1');
  if (file.lines.length === 0) {
    await connection.run(`create or replace temp table ${ident(target)} (${definitions(table)})`);
    return;
  }
  await loading(table, (csv) => readCsv(csv, connection, target));
}

/** PROJECT_INVALID when a seed's file, as it is now, does not fit its types. */
export async function requireLoadable(table: SeedTable): Promise<void> {
  if (table.file.lines.length > 0) await loading(table, checkCsv);
}

async function loading({ file, name }: SeedTable, load: (csv: CsvFile) => Promise<void>): Promise<void> {
  const { seed, path, columns } = file;
  try {
    await load({ path, columns, delimiter: seed.delimiter });
  } catch (error) {
    throw new LensError('PROJECT_INVALID', `seed ${name} cannot be loaded: ${messageOf(error)}`, {
      place: seed.path,
      hint: 'column_types of the seed says what a column is to be; lens seed loads it when it is mended',
      cause: error,
    });
  }
}

export interface StoredSeed {
  readonly checksum: string;
  readonly columns: string;
}

/** What is known of a seed's table; null when it is not there. */
export async function storedSeed(
  connection: Connection,
  { schema, identifier }: Pick<SeedTable, 'schema' | 'identifier'>,
): Promise<StoredSeed | null> {
  const [found] = await connection.rows<StoredSeed>(
    `select checksum, columns from lens.seeds s
     where schema_name = ${text(schema)} and identifier = ${text(identifier)}
       and exists (select 1 from duckdb_tables() t where t.database_name = current_database()
         and t.schema_name = s.schema_name and t.table_name = s.identifier)`,
  );
  return found ?? null;
}

async function noteSeed(connection: Connection, table: SeedTable, checksum: string): Promise<void> {
  const at = `schema_name = ${text(table.schema)} and identifier = ${text(table.identifier)}`;
  await connection.run(`delete from lens.seeds where ${at}`);
  await connection.run('insert into lens.seeds values (?, ?, ?, ?, ?, now()::timestamp)', [
    table.name,
    table.schema,
    table.identifier,
    checksum,
    columnsText(table),
  ]);
}

/** By which other columns are told. */
export function columnsText({ file }: SeedTable): string {
  return JSON.stringify(file.columns.map(({ name, type }) => [name, type]));
}

function definitions({ file }: SeedTable): string {
  return file.columns.map(({ name, type }) => storedColumn(name, type)).join(', ');
}
