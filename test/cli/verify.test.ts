import path from 'node:path';
import { expect, test } from 'vitest';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { customer, lines, order, Shop } from './shop.ts';

interface Verified {
  readonly name: string;
  readonly status: string;
  readonly examples: readonly unknown[];
}

async function filled(): Promise<Shop> {
  const shop = new Shop();
  await shop.output(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50'), order(2, 'bob', '60.00')]));
  await shop.output(['run']);
  return shop;
}

async function verified(shop: Shop, code: number): Promise<Verified[]> {
  const result = await shop.lens(['verify', '--json']);
  expect([result.code, result.stderr]).toEqual([code, '']);
  return JSON.parse(result.stdout) as Verified[];
}

test('every table and every kept aggregate equals its SELECT', async () => {
  const shop = await filled();
  const all = await verified(shop, 0);
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 'equal'));
  const names = all.map(({ name }) => name.replace(/_[0-9a-f]{8}\)/, ')'));
  expect(names).toEqual([
    'dim_customers',
    'fct_orders',
    'daily_sales',
    'customer_totals',
    'customer_totals (state_customer_totals)',
  ]);
  // Compaction is behind now, the models kept by batches are not.
  await shop.output(['produce', 'orders'], lines([order(3, 'ann', '1.00')]));
  await shop.output(['run', '--select', 'fct_orders']);
  expect(await shop.output(['verify', 'fct_orders'])).toMatch(/^TABLE +STATUS +ROWS\nfct_orders +equal +3\n$/);
});

test('a row that is wrong, missing or too many is found, with its key, and exits 1', async () => {
  const shop = await filled();
  {
    await using warehouse = await Warehouse.open(path.join(shop.dataDir, 'warehouse.duckdb'));
    using connection = await warehouse.connect();
    await connection.run(`update fct_orders set country = 'XX' where order_id = 1;
      delete from dim_customers where customer_id = 'bob'`);
    const [state] = await connection.rows<{ name: string }>(
      `select table_name as name from information_schema.tables where table_name like 'state_customer_totals%' and table_name not like '%values%'`,
    );
    await connection.run(`update lens."${state?.name}" set v0 = v0 + 1`);
  }
  const all = await verified(shop, 1);
  const different = all.filter(({ status }) => status === 'different');
  expect(different.map(({ name }) => name.split(' ')[0])).toEqual([
    'dim_customers',
    'fct_orders',
    // Reads the orders as they are stored, the wrong one too.
    'daily_sales',
    'customer_totals',
  ]);
  expect(different[0]?.examples).toEqual([{ side: 'expected', key: '{"customer_id":"bob"}' }]);
  // Both the wrong row and the customer that is missing change what order 1 and 2 should be.
  expect(different[1]?.examples).toContainEqual({ side: 'stored', key: '{"order_id":1}' });
  const text = await shop.lens(['verify', 'dim_customers']);
  expect(text.code).toBe(1);
  expect(text.stdout).toContain(
    'dim_customers: 0 rows only stored, 1 row only expected\n  expected {"customer_id":"bob"}',
  );
});
