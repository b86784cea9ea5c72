import type { Connection } from '../../warehouse/connection.ts';
import { changedSeeds, newSeeds, type SeedTable } from '../seeds/seed-tables.ts';
import type { SeedChange } from './change-plan.ts';
import { relationId } from './stored-models.ts';

/** The seeds that an open loads, and why. Reads only. */
export async function seedChanges(connection: Connection, seeds: readonly SeedTable[]): Promise<SeedChange[]> {
  const fresh = new Set(await newSeeds(connection, seeds));
  const changed = await changedSeeds(connection, seeds);
  const known = await connection.rows<{ schema: string; identifier: string }>(
    'select schema_name as schema, identifier from lens.seeds',
  );
  const there = new Set(known.map(relationId));
  return seeds
    .filter((seed) => fresh.has(seed.name) || changed.includes(seed))
    .map((seed) => ({
      name: seed.name,
      path: seed.file.seed.path,
      change: !there.has(relationId(seed)) ? 'new' : fresh.has(seed.name) ? 'columns' : 'rows',
    }));
}
