import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { changedShop, customer, order } from './changed-shop.ts';
import { SHOP, Workshop } from './workshop.ts';

/** What opening a warehouse of the shop with another folder says. */
async function opened(
  workshop: Workshop,
  dir: string,
): Promise<{ said: string[]; tables: unknown[]; left: unknown[] }> {
  workshop.events.length = 0;
  const dataDir = path.join(workshop.dir, 'kept');
  await using materializer = await workshop.open({ dataDir, project: loadProject(dir), catalog: loadTopics(dir) });
  await materializer.run({});
  const { rows } = await materializer.query('select model, schema_name, identifier from lens.left_relations');
  const tables = await materializer.query(
    "select table_name from information_schema.tables where table_schema in ('main', 'lens') and table_name ~ 'customer|daily'",
  );
  const said = workshop.events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  return { said, tables: tables.rows.map(([name]) => name).sort(), left: [...rows] };
}

it('a model that is gone leaves its table, which is said at each start until the model is there again', async () => {
  await using workshop = await Workshop.of(SHOP);
  const before = await opened(workshop, SHOP);
  await workshop.publish([order(1, 'k1'), customer('k1')]);
  const dir = changedShop({});
  for (const name of ['models/reports', 'tests/sales_match_orders.sql'])
    rmSync(path.join(dir, name), { recursive: true });
  expect((await opened(workshop, SHOP)).left).toEqual([]);
  const gone =
    'left as it is, and no longer kept current: table main.daily_sales of daily_sales, which is gone; lens apply drops it';
  for (let start = 0; start < 2; start++) {
    const { said, tables, left } = await opened(workshop, dir);
    expect(said).toEqual([gone]);
    expect(left).toEqual([['daily_sales', 'main', 'daily_sales']]);
    expect(tables).toEqual(before.tables.filter((name) => name !== 'pending_daily_sales'));
  }
  const { said, left } = await opened(workshop, SHOP);
  expect([said, left]).toEqual([['built anew: daily_sales (new)'], []]);
});

it('a model with another alias, or another name, leaves the table it had', async () => {
  await using workshop = await Workshop.of(SHOP);
  await opened(workshop, SHOP);
  await workshop.publish([order(1, 'k1'), customer('k1')]);
  await opened(workshop, SHOP);
  const sql = "select customer_id, customer_name, country, joined_on from {{ ref('stg_customers') }}";
  const aliased = changedShop({ 'models/marts/dim_customers.sql': `{{ config(alias='clients') }}${sql}` });
  expect((await opened(workshop, aliased)).said).toEqual([
    'built anew: dim_customers (changed: alias, name in the warehouse), fct_orders (changed: SQL), daily_sales (follows fct_orders)',
    'left as it is, and no longer kept current: table main.dim_customers of dim_customers, which is elsewhere now; lens apply drops it',
  ]);
});

it('a raw table is never one that was left', async () => {
  await using workshop = await Workshop.of(SHOP);
  const dir = changedShop({ 'models/marts/copied.sql': "{{ config(alias='raw_later') }}select 1 as id" });
  await opened(workshop, dir);
  await workshop.publish([order(1, 'k1')]);
  await opened(workshop, dir);
  const source = changedShop({
    'models/staging/_later.yml': 'sources:\n  - name: later\n    schema: main\n    tables: [{name: raw_later}]\n',
  });
  expect((await opened(workshop, source)).left).toEqual([]);
});

it('a model that is left out is not gone: its table stays, also when changes are applied, and the plan says why', async () => {
  await using workshop = await Workshop.of(SHOP);
  const dataDir = path.join(workshop.dir, 'kept');
  await workshop.publish([order(1, 'k1'), customer('k1')]);
  const asked = changedShop({
    'models/reports/daily_sales.py': 'def model(dbt, session):\n    return dbt.ref("fct_orders")\n',
    'models/marts/dim_customers.sql':
      "select customer_id, customer_name, country, joined_on from {{ ref('stg_customers') }} where country <> 'FR'",
  });
  for (const name of ['models/reports/daily_sales.sql', 'tests/sales_match_orders.sql']) rmSync(path.join(asked, name));
  const source = { dir: asked, vars: '{}', target: { name: 'dev', schema: 'main' } };
  await using materializer = await workshop.open({ dataDir });
  await materializer.run({});
  const plan = await materializer.plan({ source });
  expect(plan.models.map(({ name }) => name)).toEqual(['dim_customers', 'fct_orders']);
  expect(plan.leftOut).toMatchObject([
    { name: 'daily_sales', reason: expect.stringContaining('daily_sales.py') as string },
  ]);
  await materializer.apply({ source, plan: plan.id });
  expect((await materializer.query('select orders::int from daily_sales')).rows).toEqual([[1]]);
  const after = await materializer.plan({ source });
  expect([after.models, after.leftOut.map(({ name }) => name)]).toEqual([[], ['daily_sales']]);
});
