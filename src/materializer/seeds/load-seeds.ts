import { LensError } from '../../core/errors.ts';
import { readSeed } from '../../project/csv/read-seed.ts';
import type { AppliedBatch } from '../batch-transaction.ts';
import type { Edition } from '../edition.ts';
import { changedSeeds, columnsText, seedTable, type SeedTable } from './seed-tables.ts';
import { isOfFile } from './usable-seeds.ts';

/** Loads a seed's file into its table again, with all that follows from the rows that left and came, in one transaction. */
export async function loadSeed(edition: Edition, seed: SeedTable): Promise<AppliedBatch> {
  const began = performance.now();
  const applied = await edition.applyAside({ topics: [], positions: [], records: 0, lag: 0, seeds: [seed] });
  edition.seedsLoaded.set(seed.name, performance.now() - began);
  return applied;
}

/** Whether a seed has been loaded from another file into one edition than into the other. */
export async function seedsDiffer(one: Edition, other: Edition): Promise<boolean> {
  const loaded = (edition: Edition): Promise<{ seed: string; checksum: string }[]> =>
    edition.write((connection) =>
      connection.rows('select [schema_name, identifier]::varchar as seed, checksum from lens.seeds'),
    );
  const known = new Map((await loaded(one)).map(({ seed, checksum }) => [seed, checksum]));
  return (await loaded(other)).some(({ seed, checksum }) => (known.get(seed) ?? checksum) !== checksum);
}

/** What came of the seeds whose files have changed. */
export interface ChangedSeeds {
  /** By seed that was loaded, a sentence that says so. */
  readonly loaded: ReadonlyMap<string, string>;
  /** What else is to be said. */
  readonly notices: readonly string[];
}

/**
 * Loads the seeds whose files are others than those that were loaded. One that has other columns by now is
 * left as it is: the models are planned by those that it had; and so is one that cannot be loaded. GATE_REFUSED.
 */
export async function loadChangedSeeds(edition: Edition): Promise<ChangedSeeds> {
  const notices: string[] = [];
  const loaded = new Map<string, string>();
  const stays = (error: unknown): null => {
    if (!(error instanceof LensError) || !isOfFile(error)) throw error;
    notices.push(`${error.message} (${error.place}); its table stays as it was`);
    return null;
  };
  const same: SeedTable[] = [];
  for (const known of edition.seeds) {
    try {
      const seed = seedTable(readSeed(edition.project.dir, known.file.seed));
      if (columnsText(known) === columnsText(seed)) same.push(seed);
    } catch (error) {
      stays(error);
    }
  }
  for (const seed of await edition.write((connection) => changedSeeds(connection, same))) {
    const applied = await loadSeed(edition, seed).catch(stays);
    if (applied === null) continue;
    const { rowsChanged, failed } = applied;
    const why = `since ${seed.file.seed.path} changed`;
    loaded.set(seed.name, `loaded seed ${seed.name} again, ${why}: ${rowsChanged} model rows changed`);
    notices.push(...failed.map((error) => error.message));
  }
  return { loaded, notices };
}
