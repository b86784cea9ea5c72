import { spawn } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { histories } from './random-history.ts';
import { contents, differences, SHOP, Workshop } from './workshop.ts';

const KILLS = Number(process.env['LENS_KILLS'] ?? 4);
const SEED = Number(process.env['LENS_SEED'] ?? 20_261_127);

/** Lets the process fold so many batches, then kills it; false when it was done before. */
function foldAndKill(workshop: Workshop, dataDir: string, batches: number): Promise<boolean> {
  const script = path.join(import.meta.dirname, 'fold-until-killed.ts');
  const child = spawn(process.execPath, [script, SHOP, path.join(workshop.dir, 'log.sqlite'), dataDir]);
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString().split('batch\n').length - 1;
    if (seen >= batches) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.once('close', (_, signal) => resolve(signal === 'SIGKILL'));
  });
}

it(`indexes of keys survive kill -9 between and within batches (seed ${SEED})`, { timeout: 600_000 }, async () => {
  await using workshop = await Workshop.of(SHOP);
  const samples = fc.sample(histories(workshop.catalog, 60), { numRuns: 12 * KILLS, seed: SEED });
  await workshop.publish(samples.flat());
  const dataDir = path.join(workshop.dir, 'killed');
  const random = new Random(SEED);
  let killed = 0;
  while (killed < KILLS && (await foldAndKill(workshop, dataDir, 1 + random.below(6)))) killed++;
  expect(killed).toBe(KILLS);
  await using again = await workshop.open({ dataDir, warehouse: { threads: 1, indexFromRows: 0 } });
  await again.run({});
  expect(await differences(again, workshop.project, ['batch', 'compaction'])).toEqual([]);
  const { rows } = await again.query(
    "select count(*) from duckdb_indexes() where starts_with(index_name, 'lens_key_')",
  );
  expect(rows[0]?.[0]).toBeGreaterThan(0);
  await using clean = await workshop.open();
  await clean.run({});
  expect(await contents(again)).toEqual(await contents(clean));
});
