import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Verification } from '../../src/materializer/verification/verification.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { LensProcess } from './lens-process.ts';
import { runningServices } from './running-services.ts';
import { customer, lines, order, Shop } from './shop.ts';

const running = runningServices();

async function filled(): Promise<Shop> {
  const shop = new Shop();
  await shop.output(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50'), order(2, 'bob', '60.00')]));
  await shop.output(['run']);
  return shop;
}

async function verified(shop: Shop, code: number, args: readonly string[] = []): Promise<Verification> {
  const result = await shop.lens(['verify', '--json', ...args]);
  expect(result.code).toBe(code);
  return JSON.parse(result.stdout) as Verification;
}

function names({ tables }: Verification): string[] {
  return tables.map(({ name }) => name.replace(/_[0-9a-f]{8}/, ''));
}

test('every table and every kept aggregate equals its SELECT', async () => {
  const shop = await filled();
  const found = await verified(shop, 0);
  expect(found).toMatchObject({ from: 'raw', status: 'equal', seed: null, replays: [] });
  expect(found.tables.map(({ status }) => status)).toEqual(found.tables.map(() => 'equal'));
  expect(names(found)).toEqual([
    'dim_customers',
    'fct_orders',
    'daily_sales',
    'customer_totals',
    'customer_totals (state_customer_totals)',
  ]);
  expect(await shop.output(['verify', '--select', 'fct_orders'])).toMatch(
    /^TABLE +STATUS +ROWS +NOTE\ndim_customers +equal +2\nfct_orders +equal +2\n\nnot selected, but the selected models are made from them: dim_customers\n$/,
  );
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
  const found = await verified(shop, 1);
  const different = found.tables.filter(({ status }) => status === 'different');
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

  // By the log, just what was changed is different.
  const byLog = await verified(shop, 1, ['--from', 'log']);
  expect(byLog.tables.filter(({ status }) => status !== 'equal').map(({ name }) => name.split(' ')[0])).toEqual([
    'dim_customers',
    'fct_orders',
    'customer_totals',
  ]);
  expect(names(byLog).slice(0, 2)).toEqual(['raw_customers', 'raw_orders']);
  const chaos = await shop.lens(['verify', '--chaos', '1', '--seed', '7']);
  expect(chaos.code).toBe(1);
  expect(chaos.stdout).toMatch(
    /\n\nreplays in other ways, seed 7:\nreplay 1: \d+ batch(es)? \(\d+ in bulk\), .*: identical\n$/,
  );
  expect(readdirSync(shop.dataDir).sort()).toEqual(['editions.json', 'log.sqlite', 'warehouse.duckdb']);
});

test('the same beside a running service, which goes on; Ctrl-C leaves nothing behind', async () => {
  const shop = await filled();
  const service = new LensProcess(['start', ...shop.flags]);
  running.push(service);
  await service.until(/commands are answered on port/);
  const found = await verified(shop, 0, ['--chaos', '1']);
  expect(found).toMatchObject({ from: 'log', status: 'equal', replays: [{ number: 1, status: 'equal' }] });
  expect(found.seed).toBeGreaterThanOrEqual(0);
  await shop.output(['produce', 'orders'], lines([order(3, 'ann', '1.00')]));
  await shop.output(['run']);
  const later = await verified(shop, 0, ['--from', 'log']);
  expect(later.tables.find(({ name }) => name === 'raw_orders')?.rows).toBe(3);

  const asking = new LensProcess(['verify', '--chaos', '500', ...shop.flags]);
  await asking.until(/^replays in other ways: \d+ of 500/m);
  asking.child.kill('SIGINT');
  const end = await asking.result;
  expect([end.code, end.stdout]).toEqual([1, '']);
  expect(end.stderr).toContain('interrupted before its end: nothing was changed');
  // The service is told, and takes the files away.
  expect(await shop.rows('select count(*) as n from fct_orders')).toEqual([{ n: 3 }]);
  service.child.kill('SIGTERM');
  expect((await service.result).code).toBe(0);
  expect(readdirSync(shop.dataDir).filter((name) => name.includes('verify'))).toEqual([]);
});

test('what cannot be asked for is a usage error', async () => {
  const shop = new Shop();
  const refused: [string[], RegExp][] = [
    [['--seed', '7'], /^error USAGE: --seed says which ways --chaos takes/],
    [['--chaos', '2', '--from', 'raw'], /^error USAGE: --chaos replays the log, --from raw does not/],
    [
      ['--from', 'kafka'],
      /^error USAGE: option '--from <where>' argument 'kafka' is invalid. Allowed choices are raw, log/,
    ],
    [['--chaos', '0'], /^error USAGE: .*a whole number from 1 is needed/],
    [['--from', 'log'], /^error WAREHOUSE_MISSING: /],
  ];
  for (const [args, message] of refused) {
    const { code, stderr } = await shop.lens(['verify', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  }
});
