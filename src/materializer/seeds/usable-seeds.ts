import { LensError } from '../../core/errors.ts';
import { readSeed } from '../../project/csv/read-seed.ts';
import type { Project, Seed } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { InputTables } from '../input-tables.ts';
import { rawTables } from '../raw-tables.ts';
import { columnsText, requireLoadable, seedTable, type SeedTable, storedSeed, topicOfSeed } from './seed-tables.ts';

/** A project as far as its seeds can be loaded. */
export interface UsableProject {
  /** Without what reads a seed that cannot be loaded. */
  readonly project: Project;
  /** As its folder has it. */
  readonly whole: Project;
  readonly inputs: InputTables;
  /** By seed, why it cannot be loaded; no table of it is there. */
  readonly broken: ReadonlyMap<string, LensError>;
}

/**
 * Looks which seeds of a project can be loaded. One that cannot, and has a table, keeps the table with the columns that it has; one that has
 * none is left out with all that reads it. A file of which the columns can be told, and that no model reads, is left to whoever loads it.
 *
 * @param connection to the warehouse, not inside a transaction; null when there is none: then no file is loaded to see whether that can be
 */
export async function usableProject(
  whole: Project,
  catalog: TopicCatalog,
  connection: Connection | null,
): Promise<UsableProject> {
  const seeds: SeedTable[] = [];
  const broken = new Map<string, LensError>();
  const read = new Set(whole.models.flatMap(({ dependsOn }) => dependsOn.seeds));
  for (const seed of whole.seeds.filter((one) => topicOfSeed(catalog, one) === undefined)) {
    try {
      seeds.push(await usableSeed(whole.dir, seed, connection, read.has(seed.name)));
    } catch (error) {
      if (!(error instanceof LensError) || !isOfFile(error)) throw error;
      broken.set(seed.name, error);
    }
  }
  const project = withoutBroken(whole, broken);
  return { project, whole, inputs: { tables: rawTables(catalog, project), seeds }, broken };
}

/** The project without what reads these seeds. */
export function withoutBroken(whole: Project, broken: ReadonlyMap<string, LensError>): Project {
  return broken.size === 0 ? whole : whole.withoutSeeds(reasons(broken));
}

/** What the open of a project without some seeds says, a sentence each. */
export function leftOutWords({ project, whole, broken }: Omit<UsableProject, 'inputs'>): string[] {
  const known = new Set(whole.warnings);
  const seeds = [...reasons(broken).values()].map((why) => `${why}; it is loaded at the next start at which it can be`);
  return [...seeds, ...project.warnings.filter((warning) => !known.has(warning))];
}

/** Whether it is the seed's file that is wrong, which somebody can mend. */
export function isOfFile({ code }: LensError): boolean {
  return code === 'PROJECT_INVALID' || code === 'INPUT_UNREADABLE';
}

function reasons(broken: ReadonlyMap<string, LensError>): Map<string, string> {
  return new Map(
    [...broken].map(([name, { message, place }]) => [name, `${place}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`]),
  );
}

async function usableSeed(dir: string, seed: Seed, connection: Connection | null, isRead: boolean): Promise<SeedTable> {
  const at = { schema: seed.schema, identifier: seed.alias };
  const stored = connection === null ? null : await storedSeed(connection, at);
  try {
    const table = seedTable(readSeed(dir, seed));
    if (connection !== null && isRead && stored?.columns !== columnsText(table)) await requireLoadable(table);
    return table;
  } catch (error) {
    if (stored === null || !(error instanceof LensError) || !isOfFile(error)) throw error;
    const columns = (JSON.parse(stored.columns) as [string, string][]).map(([name, type]) => ({ name, type }));
    return seedTable({ seed, path: seed.path, columns, lines: [], checksum: stored.checksum });
  }
}
