import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { OracleBench } from './generated/oracle-bench.ts';
import { KEPT_AGGREGATES, REGRESSIONS, replay, runProperty } from './generated/property.ts';
import type { Scenario } from './generated/scenario.ts';

/** More than the gate has time for: LENS_ORACLE_RUNS, or `npm run test:oracle`. */
const RUNS = Number(process.env['LENS_ORACLE_RUNS'] ?? 500);
/** Each of the 110 shapes is drawn about twice. */
const SHAPES = Math.ceil(RUNS / 2);
const REPLAYS = Math.ceil(RUNS / 25);
const seed = process.env['LENS_SEED'] === undefined ? undefined : Number(process.env['LENS_SEED']);

it.each(readdirSync(REGRESSIONS))('%s stays mended', async (file) => {
  await replay(JSON.parse(readFileSync(path.join(REGRESSIONS, file), 'utf8')) as Scenario);
});

it('rebuilds a model with DISTINCT ON, also where the other tables it reads could be restricted', async () => {
  await using bench = await OracleBench.open();
  const latest = `(select distinct on (grp) * from {{ source('raw', 'dims') }} order by grp, k)`;
  const sql = `select f.id, l.grp from {{ source('raw', 'facts') }} f join ${latest} l on l.k = f.a`;
  const [plan] = await bench.plans([{ kind: 'table', sql }]);
  expect(plan).toMatchObject({ strategy: 'rebuild', upkeep: 'compaction' });
});

it('keeps every kind of aggregate from the changes alone', { timeout: 600_000 }, async () => {
  await using bench = await OracleBench.open();
  const plans = await bench.plans(KEPT_AGGREGATES);
  expect(plans.map((plan) => [plan.upkeep, plan.states.length])).toEqual([
    ['batch', 1],
    ['batch', 1],
  ]);
  await runProperty('aggregates', { runs: Math.ceil(RUNS / 20), seed });
});

it(
  `keeps generated models equal to their SQL after every batch (${RUNS} histories)`,
  { timeout: 7_200_000 },
  async () => {
    const kept = await runProperty('models', { runs: RUNS, seed });
    // Else the generator has come to make nothing of some kind, and proves nothing about it.
    const ways = [
      'recompute keys, batch',
      'recompute keys, batch, with states',
      'recompute keys, compaction',
      'rebuild, compaction',
    ];
    for (const way of ways) expect(kept.get(way), way).toBeGreaterThan(RUNS / 100);
  },
);

it(`keeps every shape of SQL equal to its SELECT (${SHAPES} histories)`, { timeout: 7_200_000 }, async () => {
  await runProperty('shapes', { runs: SHAPES, seed });
});

/** The same models over more rows: how these follow from each other, as `lens why` has it. */
it(
  `makes rows of generated models again from the raw rows they follow from (${REPLAYS} histories)`,
  { timeout: 7_200_000 },
  async () => {
    const kept = await runProperty('lineage', { runs: REPLAYS, seed });
    expect(kept.get('made again')).toBeGreaterThan(REPLAYS);
  },
);
