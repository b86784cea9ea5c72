import { LensError, messageOf } from '../../core/errors.ts';
import { readSeed } from '../../project/csv/read-seed.ts';
import { withDatabase } from '../../project/relation-naming.ts';
import type { Dependencies, Seed } from '../../project/project-contract.ts';
import type { Edition } from '../edition.ts';
import type { LiveEdition } from '../live-edition.ts';
import type { RunFacts } from '../../project/run-moment.ts';
import type { LiveHooks } from '../hooks/live-hooks.ts';
import { afterHooks } from '../hooks/node-after-hooks.ts';
import { OWN_RUN } from '../hooks/run-hooks.ts';
import { loadSeed } from '../seeds/load-seeds.ts';
import type { NodeResult, NodeStart } from '../nodes/node-results.ts';
import { columnsText, requireLoadable, seedStatus, seedTable, topicOfSeed } from '../seeds/seed-tables.ts';
import type { Turns } from '../turns.ts';

export interface SeedOptions {
  /** Names; all when missing. */
  readonly seeds?: readonly string[] | undefined;
  /** dbt's flag; a table is made anew anyway when its columns change, which takes a start. */
  readonly fullRefresh?: boolean | undefined;
  /** What its hooks see of the command. */
  readonly facts?: RunFacts | undefined;
}

export interface SeedSummary {
  readonly results: readonly NodeResult[];
  readonly milliseconds: number;
}

/**
 * Loads seeds from their files, each with all that follows from it, as one transaction.
 *
 * @param opened the warehouse was opened for it: what was loaded then was loaded for it
 */
export async function runSeeds(
  live: LiveEdition,
  writing: Turns,
  hooks: LiveHooks,
  options: SeedOptions,
  opened: boolean,
): Promise<SeedSummary> {
  const started = performance.now();
  const results: NodeResult[] = [];
  for (const seed of seedsOf(live, options.seeds)) {
    const result = await resultOf(seed, () => writing.take(() => loadedOnce(live, seed, options, opened)));
    results.push(await withHooks(seed, result, hooks, options));
  }
  return { results, milliseconds: performance.now() - started };
}

/**
 * The seeds of a build: those whose files are others than the ones that were loaded are loaded, the others are as they should be.
 *
 * @param opened the warehouse was opened for it: what was loaded then was loaded for it
 */
export async function bringUpSeeds(
  live: LiveEdition,
  writing: Turns,
  hooks: LiveHooks,
  options: SeedOptions,
  opened: boolean,
): Promise<NodeResult[]> {
  const results: NodeResult[] = [];
  for (const seed of seedsOf(live, options.seeds)) {
    const result = await resultOf(seed, () => writing.take(() => broughtUp(live, seed, options, opened)));
    results.push(await withHooks(seed, result, hooks, options));
  }
  return results;
}

async function withHooks(seed: Seed, result: NodeResult, hooks: LiveHooks, options: SeedOptions): Promise<NodeResult> {
  if (result.status !== 'success') return result;
  const ran = await hooks.ofNode(seed, options.facts ?? OWN_RUN);
  const done = afterHooks(result, ran);
  return ran === null ? done : { ...done, remarks: [...done.remarks, ...ran.said.map(({ text }) => text)] };
}

/** Whether anything was loaded, or tried to be. */
export function isLoad({ status, adapterResponse }: NodeResult): boolean {
  return status === 'error' || 'code' in adapterResponse;
}

/** Seeds that cannot be loaded, and that nodes of the project follow from. */
export function brokenAbove(
  { whole, broken }: Pick<Edition, 'whole' | 'broken'>,
  nodes: readonly { readonly dependsOn: Dependencies }[],
): string[] {
  const above = ({ dependsOn }: { readonly dependsOn: Dependencies }): string[] => [
    ...dependsOn.seeds,
    ...dependsOn.models.flatMap((name) => above(whole.model(name))),
  ];
  return broken.size === 0 ? [] : [...new Set(nodes.flatMap(above).filter((name) => broken.has(name)))];
}

/** In the project's order. USAGE for a name that its project does not have. */
function seedsOf({ edition: { whole: project } }: LiveEdition, names: readonly string[] | undefined): readonly Seed[] {
  const unknown = names?.find((name) => !project.seeds.some((seed) => seed.name === name));
  if (unknown !== undefined) {
    throw new LensError('USAGE', `the service's project has no seed ${unknown}`, {
      hint: 'it has the project as it was when it started: restart it',
    });
  }
  return project.seeds.filter(({ name }) => names?.includes(name) ?? true);
}

type Outcome = Partial<NodeResult> & Pick<NodeResult, 'status' | 'message'>;

/** A seed as lines name it, in dbt's words. */
export function seedStart({ name, uniqueId, path, schema, alias }: Seed): NodeStart {
  return { uniqueId, resourceType: 'seed', name, path, description: `seed file ${schema}.${alias}` };
}

async function resultOf(seed: Seed, work: () => Promise<Outcome>): Promise<NodeResult> {
  const [began, startedAt] = [performance.now(), new Date().toISOString()];
  const outcome = await work();
  const { schema, alias } = seed;
  return {
    ...seedStart(seed),
    failures: null,
    rowsChanged: null,
    seconds: (performance.now() - began) / 1000,
    startedAt,
    completedAt: new Date().toISOString(),
    adapterResponse: {},
    compiledCode: null,
    compiledPath: null,
    relationName: withDatabase(schema, alias),
    remarks: [],
    ...outcome,
  };
}

async function broughtUp(live: LiveEdition, seed: Seed, options: SeedOptions, opened: boolean): Promise<Outcome> {
  const { edition } = live;
  const table = edition.seeds.find(({ name }) => name === seed.name);
  // A topic feeds it.
  if (table === undefined) return loaded(live, seed, options);
  const { rows, changed } = await edition.write((connection) => seedStatus(connection, table, edition.project.dir));
  if (changed) return loaded(live, seed, options);
  const milliseconds = opened ? edition.seedsLoaded.get(seed.name) : undefined;
  if (milliseconds !== undefined) return { ...loadOf(rows, options), seconds: milliseconds / 1000 };
  return kept('unchanged');
}

/** As its file is now, also where it is no other than the one that was loaded, unless the open has just loaded it. */
async function loadedOnce(live: LiveEdition, seed: Seed, options: SeedOptions, opened: boolean): Promise<Outcome> {
  const isNew = opened && live.edition.seedsLoaded.has(seed.name);
  return isNew ? broughtUp(live, seed, options, opened) : loaded(live, seed, options);
}

async function loaded({ edition }: LiveEdition, seed: Seed, options: SeedOptions): Promise<Outcome> {
  const topic = topicOfSeed(edition.catalog, seed);
  if (topic !== undefined) {
    return {
      ...kept(`fed by topic ${topic.name}`),
      remarks: [`${seed.name}: the topic ${topic.name} feeds its table, not ${seed.path}`],
    };
  }
  try {
    const table = seedTable(readSeed(edition.project.dir, seed));
    const known = edition.seeds.find((one) => one.name === seed.name);
    if (known === undefined) {
      await requireLoadable(table);
      throw new LensError(
        'PROJECT_INVALID',
        `seed ${seed.name} can be loaded now, and is not yet part of the warehouse`,
        {
          place: seed.path,
          hint: 'restart the service: it loads the seed and builds what reads it',
        },
      );
    }
    if (columnsText(known) !== columnsText(table)) {
      throw new LensError('PROJECT_INVALID', `seed ${seed.name} has other columns than its table`, {
        place: seed.path,
        hint: 'restart the service: models are planned by the columns of what they read',
      });
    }
    const { rowsChanged, failed } = await loadSeed(edition, table);
    return { ...loadOf(table.file.lines.length, options), rowsChanged, remarks: failed.map(messageOf) };
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return { status: 'error', message: [error.message, error.hint].filter(Boolean).join('\n  hint: ') };
  }
}

/** In dbt's words. */
function loadOf(rows: number, { fullRefresh }: SeedOptions): Outcome {
  const code = fullRefresh === true ? 'CREATE' : 'INSERT';
  const message = `${code} ${rows}`;
  return { status: 'success', message, adapterResponse: { _message: message, code, rows_affected: rows } };
}

/** Of a seed for which nothing was to be done. */
function kept(why: string): Outcome {
  return { status: 'success', message: `OK, ${why}`, adapterResponse: { _message: `OK, ${why}` } };
}
