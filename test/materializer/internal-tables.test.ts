import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { addPendingRebuild, pendingRebuilds } from '../../src/materializer/models/pending-keys.ts';
import { Connection } from '../../src/warehouse/connection.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { changedShop, customer, order } from './changed-shop.ts';
import { differences, plansFor, SHOP, Workshop } from './workshop.ts';

it('a model called as what a table of ours was for is kept by compaction like any other', async () => {
  const sales = readFileSync(path.join(SHOP, 'models/reports/daily_sales.sql'), 'utf8');
  const ranked = "select order_id, row_number() over (order by order_id) as n from {{ ref('fct_orders') }}";
  const dir = changedShop({ 'models/reports/rebuilds.sql': sales, 'models/reports/ranked.sql': ranked });
  await using workshop = await Workshop.of(dir);
  await using materializer = await workshop.open();
  for (const id of [1, 2, 3]) {
    await workshop.publish([order(id, 'k1'), customer('k1', `c${id}`)]);
    await materializer.catchUp();
    const noted =
      'select distinct model from lens.rebuilds_due union all select distinct order_date::varchar from lens.pending_rebuilds';
    expect((await materializer.query(noted)).rows).toEqual([['ranked'], ['2026-03-01']]);
    await materializer.compact({ full: false });
    expect(await differences(materializer, workshop.project, ['compaction'])).toEqual([]);
  }
});

it('what an earlier release noted for a rebuild is still noted', async () => {
  await using workshop = await Workshop.of(SHOP);
  const file = path.join(workshop.dir, 'earlier.duckdb');
  const instance = await DuckDBInstance.create(file);
  {
    using earlier = new Connection(await instance.connect());
    await migrate(earlier, 8);
    await earlier.run("insert into lens.pending_rebuilds values ('daily_sales')");
  }
  instance.closeSync();
  await using warehouse = await Warehouse.open(file);
  using connection = await warehouse.connect();
  expect([...(await pendingRebuilds(connection))]).toEqual(['daily_sales']);
  const [plan] = (await plansFor(workshop.project)).filter(({ model }) => model === 'fct_orders');
  if (plan === undefined) throw new Error('no plan');
  await addPendingRebuild(connection, plan);
  expect((await pendingRebuilds(connection)).size).toBe(2);
});
