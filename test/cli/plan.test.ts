import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { OwnShop } from './own-shop.ts';
import { lines, order } from './shop.ts';

// Each call of lens is a process of its own.
vi.setConfig({ testTimeout: 180_000 });

test('a plan is printed, by its exit code too, and nothing is written', async () => {
  await using shop = await new OwnShop().filled();
  const none = await shop.lens(['plan', '--detailed-exitcode']);
  expect([none.code, none.stdout, none.stderr]).toEqual([
    0,
    'nothing to do: the warehouse is as the project asks for (6 models)\n',
    '',
  ]);
  shop.write(
    'models/marts/dim_customers.sql',
    "select customer_id, country from {{ ref('stg_customers') }} where country = 'DE'",
  );
  rmSync(path.join(shop.dir, 'models/marts/customer_totals.sql'));
  const files = readdirSync(shop.dataDir);
  const plan = await shop.lens(['plan', '--diff', '--limit', '1', '--detailed-exitcode']);
  expect(readdirSync(shop.dataDir)).toEqual(files);
  expect([plan.code, plan.stderr]).toEqual([2, '']);
  expect(plan.stdout).toContain(
    'plan: 1 to change, 2 to build since what it reads changes, 1 to drop, 2 stay as they are',
  );
  for (const line of [
    /^~ dim_customers +changed: SQL, columns +2 /m,
    /^> fct_orders +follows dim_customers +9 /m,
    /^- customer_totals +table main.customer_totals, which is gone +2$/m,
    /^ {2}columns: - customer_name VARCHAR, - joined_on DATE$/m,
    /^ {2}rows: 2 -> 1: 1 removed by customer_id\n {4}- \{"customer_id":"bob"\}$/m,
    /^ {2}rows: 9 -> 9: 4 changed by order_id\n {4}country differs in 4 rows\n {4}~ \{"order_id":2\} {2}country "FR" -> null$/m,
  ])
    expect(plan.stdout).toMatch(line);
  expect((await shop.lens(['plan'])).code).toBe(0);
  const some = await shop.lens(['plan', '--select', 'dim_customers', '--json']);
  expect(JSON.parse(some.stdout)).toMatchObject({
    models: [{ name: 'dim_customers', cause: 'changed', rows: 2, data: null }],
    hidden: ['fct_orders', 'daily_sales', 'customer_totals'],
    unchanged: ['stg_customers', 'stg_orders'],
  });
  shop.write('models/marts/dim_customers.sql', 'select no_such from nowhere');
  const wrong = await shop.lens(['plan']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('error MODEL_SQL_INVALID: ') as string]);
  expect((await shop.lens(['plan', '--detailed-exitcode'])).code).toBe(1);
});

test('a running service answers with the folder as it is now, and goes on with the project that it has', async () => {
  await using shop = await new OwnShop().filled();
  await shop.started();
  shop.write('models/marts/all_orders.sql', "select * from {{ ref('stg_orders') }}");
  const plan = await shop.lens(['plan', '--diff']);
  expect(plan.stdout).toMatch(/^\+ all_orders +new /m);
  expect(plan.stdout).toContain('rows: 0 -> 9: 9 added');
  await shop.lens(['produce', 'orders'], lines([order(10, 'ann', '1.00')]));
  expect((await shop.lens(['run', '--quiet', '--select', 'fct_orders'])).code).toBe(0);
  const tables = await shop.lens(['query', 'select count(*) as n from fct_orders', '--format', 'json']);
  expect(JSON.parse(tables.stdout)).toEqual([{ n: 10 }]);
  expect((await shop.lens(['query', 'from all_orders'])).stderr).toContain('QUERY_FAILED');
});

test('without a warehouse there is nothing to plan for, and none is made', async () => {
  await using shop = new OwnShop();
  const plan = await shop.lens(['plan']);
  expect([plan.code, plan.stderr]).toEqual([2, expect.stringContaining('error WAREHOUSE_MISSING: ') as string]);
  expect(readdirSync(shop.dataDir)).toEqual([]);
});
