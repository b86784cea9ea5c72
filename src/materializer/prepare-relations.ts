import { LensError } from '../core/errors.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { Connection } from '../warehouse/connection.ts';
import { buildModels } from './build-models.ts';
import type { BareChange } from './changes/model-changes.ts';
import type { EditionOptions } from './edition-plans.ts';
import { failedModel } from './models/model-failed.ts';
import type { InputTables } from './input-tables.ts';
import { prepareRawTable } from './raw-tables.ts';
import { prepareSeed } from './seeds/seed-tables.ts';

/** What was done at open, for people. */
export interface Prepared {
  /** What became of the models: those built over what has landed, and the relations that are left. */
  readonly changes: readonly BareChange[];
  readonly notices: readonly string[];
  /** Seeds that were loaded, with the milliseconds it took. */
  readonly seedsLoaded: ReadonlyMap<string, number>;
  /** By seed that was loaded, a sentence that says so. */
  readonly seedNotices: ReadonlyMap<string, string>;
}

export const NOTHING: Prepared = { changes: [], notices: [], seedsLoaded: new Map(), seedNotices: new Map() };

/**
 * Makes raw tables and models those of the project, in one transaction. A model that fails on the data is left behind, with all that
 * read it, and holds nobody else up, unless `onModelFailure` is `stop`: the transaction is tried again without them.
 */
export async function prepare(
  connection: Connection,
  { project, seedsOf, onModelFailure }: EditionOptions,
  plans: readonly MaintenancePlan[],
  { tables, seeds }: InputTables,
): Promise<Prepared> {
  const failed = new Map<string, string>();
  const failures: string[] = [];
  for (;;) {
    const notices: string[] = [];
    const seedsLoaded = new Map<string, number>();
    const seedNotices = new Map<string, string>();
    try {
      const changes = await connection.transaction(async () => {
        const landedAgain = new Set<string>();
        for (const table of tables) {
          const prepared = await prepareRawTable(connection, table);
          notices.push(...prepared.notices);
          if (prepared.landedAgain) landedAgain.add(table.name);
        }
        for (const seed of seeds) {
          const began = performance.now();
          const loaded = await prepareSeed(connection, seed, seedsOf?.from).catch((error: unknown) => {
            if (!(error instanceof LensError) || error.code !== 'PROJECT_INVALID') throw error;
            notices.push(`${error.message} (${error.place}); no model reads it`);
            return null;
          });
          if (loaded === null) continue;
          seedNotices.set(seed.name, loaded.notice);
          landedAgain.add(seed.name);
          seedsLoaded.set(seed.name, performance.now() - began);
        }
        return await buildModels(connection, project, plans, tables, landedAgain, failed);
      });
      return { changes, notices: [...notices, ...failures], seedsLoaded, seedNotices };
    } catch (error) {
      const model = onModelFailure === 'stop' ? null : failedModel(error);
      if (model === null || failed.has(model)) throw error;
      const { message } = error as Error;
      failures.push(message);
      for (const name of readers(plans, [model])) {
        if (!failed.has(name)) failed.set(name, name === model ? message : `${model}, which it reads, failed`);
      }
    }
  }
}

/** The models with all models downstream of them. */
function readers(plans: readonly MaintenancePlan[], models: readonly string[]): Set<string> {
  const found = new Set(models);
  for (const plan of plans) if (plan.reads.some(({ name }) => found.has(name))) found.add(plan.model);
  return found;
}

/** The same, without views: those with a table of their own. */
export function storedReaders(plans: readonly MaintenancePlan[], models: readonly string[]): Set<string> {
  const all = readers(plans, models);
  return new Set(plans.filter((plan) => plan.upkeep !== 'view' && all.has(plan.model)).map((plan) => plan.model));
}
