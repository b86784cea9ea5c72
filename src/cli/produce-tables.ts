import { sqlType } from '../core/columns.ts';
import { LensError, messageOf } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { LogWriter } from '../log/event-log.ts';
import { fedTables } from '../materializer/raw-tables.ts';
import { namesIn } from '../service/file-draft.ts';
import { openProject } from '../service/open-project.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { type TableFile, TableFiles } from '../warehouse/table-files.ts';
import { counted } from './numbers.ts';
import type { Progress } from './progress.ts';

/** A topic and the table whose rows it is to get. */
export interface FoundTable {
  readonly topic: string;
  readonly table: TableFile;
  readonly files: TableFiles;
}

export interface TablesIn {
  /** To be closed. */
  readonly files: TableFiles;
  readonly found: readonly FoundTable[];
  /** Tables of topics that are not there. */
  readonly missing: readonly string[];
}

/**
 * The tables of a place by the topics that feed tables of their names, or that of one topic. INPUT_UNREADABLE when the place is no such, or
 * holds none of them; USAGE for a file with one table and no topic.
 */
export async function tablesIn(
  place: string,
  topic: string | undefined,
  settings: Settings,
  catalog: TopicCatalog,
): Promise<TablesIn> {
  const project = await openProject(settings);
  const files = await TableFiles.open(place);
  try {
    if (files.isOneTable && topic === undefined) {
      throw new LensError('USAGE', `${place} is one table`, {
        hint: `name its topic: lens produce TOPIC --from ${place}`,
      });
    }
    const found: FoundTable[] = [];
    const missing: string[] = [];
    for (const { contract, schema, name } of fedTables(catalog, project)) {
      if (topic !== undefined && contract.name !== topic) continue;
      const fed = [...project.sources, ...project.seeds].filter(
        (one) => ('table' in one ? one.table : one.alias) === name,
      );
      const table = await files.find(schema, [...new Set([name, ...fed.flatMap(namesIn), contract.name])]);
      if (table === null) missing.push(name);
      else found.push({ topic: contract.name, table, files });
    }
    if (found.length > 0) return { files, found, missing };
    throw new LensError('INPUT_UNREADABLE', `${place} has no table ${missing.join(', ')}`, {
      place,
      hint: 'a table is found by the name that its topic feeds, a file by that name and .csv, .tsv, .parquet, .json, .jsonl or .ndjson',
    });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

/** Publishes a table's rows, a record each, and says how many. INPUT_INVALID when one does not fit the contract; those before it are published. */
export async function publishTable(
  { topic, table, files }: FoundTable,
  catalog: TopicCatalog,
  writer: LogWriter,
  progress: Progress,
): Promise<number> {
  const json = catalog.json(topic);
  const columns = catalog.contract(topic).columns.map(({ name, type }) => ({ name, type: sqlType(type) }));
  let published = 0;
  try {
    for await (const rows of files.rows(table, columns)) {
      for (const row of rows) {
        const { key, value } = await json.encode(undefined, row);
        writer.add(topic, key, value);
        await writer.drain();
        progress.update(`publishing to ${topic}`, ++published, null);
      }
    }
  } catch (error) {
    if (!(error instanceof LensError) || !['INPUT_INVALID', 'QUERY_FAILED'].includes(error.code)) throw error;
    await writer.flush();
    throw new LensError(
      'INPUT_INVALID',
      `a row of ${table.place} does not fit topics/${topic}: ${messageOf(error)}; ${counted(published, 'record')} before it ${published === 1 ? 'is' : 'are'} published`,
      { place: table.place, hint: error.code === 'INPUT_INVALID' ? error.hint : undefined, cause: error },
    );
  }
  await writer.flush();
  return published;
}
