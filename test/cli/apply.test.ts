import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { LensProcess } from './lens-process.ts';
import { OwnShop } from './own-shop.ts';
import { customer, lines, order } from './shop.ts';

// Each call of lens is a process of its own.
vi.setConfig({ testTimeout: 180_000 });

const GERMANS =
  "select customer_id, customer_name, country, joined_on from {{ ref('stg_customers') }} where country = 'DE'";

test('without a service: asks, does what was planned, and leaves nothing to do', async () => {
  await using shop = await new OwnShop().filled();
  const none = await shop.lens(['apply']);
  expect([none.code, none.stdout]).toEqual([0, 'nothing to do: the warehouse is as the project asks for (6 models)\n']);
  shop.write('models/marts/dim_customers.sql', GERMANS);
  rmSync(path.join(shop.dir, 'models/marts/customer_totals.sql'));
  const asked = await shop.lens(['apply']);
  expect([asked.code, asked.stdout]).toEqual([2, expect.stringMatching(/^~ dim_customers +changed: SQL/m) as string]);
  expect(asked.stderr).toContain('lens apply --yes applies the plan');
  const part = await shop.lens(['apply', '--yes', '--select', 'dim_customers+']);
  expect([part.code, part.stderr]).toEqual([2, expect.stringContaining('leaves out customer_totals') as string]);
  expect(await shop.rows('select count(*)::int as n from dim_customers')).toEqual([{ n: 2 }]);

  const done = await shop.lens(['apply', '--yes']);
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toMatch(/^edition 2 is live: 8 data tests passed/m);
  expect(done.stderr).toContain('dropped: table main.customer_totals of customer_totals, which is gone');
  expect(await shop.rows('select count(*)::int as n from dim_customers')).toEqual([{ n: 1 }]);
  expect((await shop.lens(['query', 'from customer_totals'])).code).toBe(1);
  expect((await shop.lens(['plan', '--detailed-exitcode'])).code).toBe(0);
  expect((await shop.lens(['verify'])).code).toBe(0);
});

test('under a service: it goes over to the project, and stays with the one it has when that is wrong', async () => {
  await using shop = await new OwnShop().filled();
  const service = await shop.started();
  shop.write('models/marts/dim_customers.sql', 'select no_such from nowhere');
  const wrong = await shop.lens(['apply', '--yes']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('error MODEL_SQL_INVALID: ') as string]);
  await shop.lens(['produce', 'customers'], lines([customer('cid', 'nl')]));
  expect((await shop.lens(['run', '--quiet', '--select', 'fct_orders'])).code).toBe(0);
  expect(await shop.rows('select count(*)::int as n from dim_customers')).toEqual([{ n: 3 }]);

  shop.write('models/marts/dim_customers.sql', GERMANS);
  const done = await shop.lens(['apply', '--yes', '--json']);
  expect(done.code, done.stderr).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({
    plan: { models: [{ name: 'dim_customers' }, { name: 'fct_orders' }, { name: 'daily_sales' }] },
    refreshed: { edition: 2, previous: 1 },
  });
  await service.until(/applied, edition 2: built anew: dim_customers \(changed: SQL\)/);
  await shop.lens(['produce', 'customers'], lines([customer('dan', 'de'), customer('eve', 'fr')]));
  await shop.lens(['produce', 'orders'], lines([order(10, 'dan', '1.00')]));
  expect((await shop.lens(['run', '--quiet'])).code).toBe(0);
  expect(await shop.rows('select customer_id from dim_customers order by 1')).toEqual([
    { customer_id: 'ann' },
    { customer_id: 'dan' },
  ]);
  expect((await shop.lens(['verify'])).code).toBe(0);
  const elsewhere = await shop.lens(['apply', '--yes', '--vars', '{large_order_cents: 1}']);
  expect([elsewhere.code, elsewhere.stderr]).toEqual([2, expect.stringContaining('another vars') as string]);
});

test(
  'killed at any time it leaves a warehouse of one version, and applies the next time',
  { timeout: 120_000 },
  async () => {
    await using shop = await new OwnShop().filled();
    const total =
      'select (select count(*) from dim_customers)::int as c, (select count(country) from fct_orders)::int as f';
    const ALL = { c: 2, f: 9 };
    const OF = { DE: { c: 1, f: 5 }, FR: { c: 1, f: 4 } };
    for (const [round, line] of [/^rebuild/m, /^tests/m, /^swap/m].entries()) {
      const country = round % 2 === 0 ? 'DE' : 'FR';
      shop.write('models/marts/dim_customers.sql', GERMANS.replace('DE', country));
      const killed = new LensProcess(['apply', '--yes', ...shop.flags]);
      await killed.until(line);
      killed.child.kill('SIGKILL');
      await killed.result;
      const found = await shop.rows(total);
      const before = round === 0 ? ALL : OF[country === 'DE' ? 'FR' : 'DE'];
      expect([[before], [OF[country]]]).toContainEqual(found);
      const done = await shop.lens(['apply', '--yes']);
      expect(done.code, done.stderr).toBe(0);
      expect(await shop.rows(total)).toEqual([OF[country]]);
    }
    expect((await shop.lens(['plan', '--detailed-exitcode'])).code).toBe(0);
    expect(readdirSync(shop.dataDir).filter((name) => /^warehouse\.edition-\d+\.duckdb$/.test(name)).length).toBe(1);
    expect((await shop.lens(['verify', '--from', 'log'])).code).toBe(0);
  },
);
