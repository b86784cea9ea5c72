import { expect, it } from 'vitest';
import { BuildTimes } from '../../src/materializer/changes/build-times.ts';
import { ModelCosts } from '../../src/materializer/models/model-costs.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

it('the time of a build follows from rebuilds of as many rows, else from an upkeep that made as many, else it is unknown', async () => {
  await using warehouse = await Warehouse.open(path.join(mkdtempSync(path.join(tmpdir(), 'lens-times-')), 'w.duckdb'));
  using connection = await warehouse.connect();
  const costs = new ModelCosts();
  await costs.rebuild('rebuilt', async () => 0);
  await costs.rebuild('rebuilt', async () => 1000);
  await costs.rebuild('empty', async () => 0);
  await costs.upkeep('empty', async () => 0);
  await costs.rebuild('kept', async () => 0);
  await costs.upkeep('kept', async () => 500);
  await costs.write(connection);
  await connection.run(
    "update lens.model_costs set rebuild_milliseconds = 200 where model = 'rebuilt'; update lens.model_costs set milliseconds = 50 where model = 'kept'",
  );
  const times = await BuildTimes.read(connection);
  expect(times.expected('rebuilt', 2000)).toBe(400);
  expect(times.expected('rebuilt', 5001)).toBeNull();
  expect(times.expected('kept', 400)).toBe(40);
  expect(times.expected('kept', 501)).toBeNull();
  expect(times.expected('empty', 10)).toBeNull();
  expect(times.expected('empty', 0)).toBeNull();
  expect(times.expected('rebuilt', null)).toBeNull();
  expect(times.expected('never heard of', 10)).toBeNull();
});
