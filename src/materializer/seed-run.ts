import { LensError, messageOf } from '../core/errors.ts';
import { readSeed } from '../project/csv/read-seed.ts';
import type { Seed } from '../project/project-contract.ts';
import type { LiveEdition } from './live-edition.ts';
import { loadSeed } from './load-seeds.ts';
import type { NodeResult } from './node-results.ts';
import { columnsText, seedTable, topicOfSeed } from './seed-tables.ts';
import type { Turns } from './turns.ts';

export interface SeedOptions {
  /** Names; all when missing. */
  readonly seeds?: readonly string[] | undefined;
  /** dbt's flag; a table is made anew anyway when its columns change, which takes a start. */
  readonly fullRefresh?: boolean | undefined;
}

export interface SeedSummary {
  readonly results: readonly NodeResult[];
  readonly milliseconds: number;
}

/** Loads seeds from their files, each with all that follows from it, as one transaction. */
export async function runSeeds(live: LiveEdition, writing: Turns, options: SeedOptions): Promise<SeedSummary> {
  const started = performance.now();
  const { project } = live.edition;
  const unknown = options.seeds?.find((name) => !project.seeds.some((seed) => seed.name === name));
  if (unknown !== undefined) {
    throw new LensError('USAGE', `the service's project has no seed ${unknown}`, {
      hint: 'it has the project as it was when it started: restart it',
    });
  }
  const results: NodeResult[] = [];
  for (const seed of project.seeds) {
    if (options.seeds?.includes(seed.name) ?? true) results.push(await runSeed(live, writing, seed, options));
  }
  return { results, milliseconds: performance.now() - started };
}

async function runSeed(live: LiveEdition, writing: Turns, seed: Seed, options: SeedOptions): Promise<NodeResult> {
  const [began, startedAt] = [performance.now(), new Date().toISOString()];
  const outcome = await writing.take(() => outcomeOf(live, seed, options));
  const { name, uniqueId, path, schema, alias } = seed;
  return {
    uniqueId,
    resourceType: 'seed',
    name,
    path,
    description: `seed file ${schema}.${alias}`,
    failures: null,
    rowsChanged: null,
    seconds: (performance.now() - began) / 1000,
    startedAt,
    completedAt: new Date().toISOString(),
    adapterResponse: {},
    compiledCode: null,
    compiledPath: null,
    relationName: `"${schema}"."${alias}"`,
    remarks: [],
    ...outcome,
  };
}

async function outcomeOf(
  live: LiveEdition,
  seed: Seed,
  { fullRefresh }: SeedOptions,
): Promise<Partial<NodeResult> & Pick<NodeResult, 'status' | 'message'>> {
  const { edition } = live;
  const topic = topicOfSeed(edition.catalog, seed);
  if (topic !== undefined) {
    const remarks = [`${seed.name}: the topic ${topic.name} feeds its table, not ${seed.path}`];
    return { status: 'skipped', message: remarks[0] as string, remarks };
  }
  try {
    const table = seedTable(readSeed(edition.project.dir, seed));
    const known = edition.seeds.find((one) => one.name === seed.name);
    if (known === undefined || columnsText(known) !== columnsText(table)) {
      throw new LensError('PROJECT_INVALID', `seed ${seed.name} has other columns than its table`, {
        place: seed.path,
        hint: 'restart the service: models are planned by the columns of what they read',
      });
    }
    const { rowsChanged, failed } = await loadSeed(edition, table);
    const code = fullRefresh === true ? 'CREATE' : 'INSERT';
    const rows = table.file.lines.length;
    return {
      status: 'success',
      message: `${code} ${rows}`,
      rowsChanged,
      adapterResponse: { _message: `${code} ${rows}`, code, rows_affected: rows },
      remarks: failed.map(messageOf),
    };
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return { status: 'error', message: [error.message, error.hint].filter(Boolean).join('\n  hint: ') };
  }
}
