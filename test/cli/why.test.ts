import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LensProcess } from './lens-process.ts';
import { runningServices } from './running-services.ts';
import { customer, lines, order, Shop } from './shop.ts';

const running = runningServices();

/** Order 1 has two versions and a dead letter after them; the customer comes last. */
async function filled(): Promise<Shop> {
  const shop = new Shop();
  const at = (time: string, value: object, partition: number): string =>
    JSON.stringify({ value, partition, timestamp: `2026-11-20T${time}Z` });
  const orders = [
    at('10:00:00', order(1, 'ann', '10.50'), 2),
    at('10:01:00', order(2, 'bob', '60.00'), 0),
    at('10:02:00.250', order(1, 'ann', '11.00'), 2),
    at('10:03:00', order(4, 'ann', '2.00'), 1),
    // Counts for nothing but itself.
    at('10:04:00', order(5, 'ann', '3.00', 'open'), 1),
    JSON.stringify({ key: 1, valueBase64: 'AAEC', partition: 2 }),
  ];
  await shop.output(['produce', 'orders'], `${orders.join('\n')}\n`);
  await shop.output(['produce', 'customers'], `${at('11:00:00', customer('ann', 'de'), 1)}\n`);
  await shop.output(['run']);
  return shop;
}

const FACT = `fct_orders  order_id=1
  customer_id=ann, ordered_at=2026-02-02T10:00:00Z, order_date=2026-02-02, status=paid, quantity=2, amount_cents=2200, is_large=false, country=DE
  raw_orders  1 row by order_id
    order_id=1  orders[2]@1  2026-11-20T10:02:00.250Z
  dim_customers  1 row by customer_id
    customer_id=ann
    raw_customers  1 row by customer_id
      customer_id=ann  customers[1]@0  2026-11-20T11:00:00.000Z
`;

const TOTAL = `customer_totals  customer_id=ann
  orders=2, amount_cents=2600, first_order_at=2026-02-02T10:00:00Z
  raw_orders  2 rows by customer_id
    order_id=1  orders[2]@1  2026-11-20T10:02:00.250Z
    order_id=4  orders[1]@0  2026-11-20T10:03:00.000Z
`;

test('a row and the records behind it', async () => {
  const shop = await filled();
  expect(await shop.output(['why', 'fct_orders', '1'])).toBe(FACT);
  expect(await shop.output(['why', 'customer_totals', 'ann'])).toBe(TOTAL);
  // By any columns; below, by the key's values as a JSON array.
  expect(await shop.output(['why', 'fct_orders', '{"country": "DE", "amount_cents": 2200}'])).toBe(FACT);
  const sales = await shop.output(['why', 'daily_sales', '{"country": "DE"}', '--limit', '1']);
  expect(sales.split('\n').filter((line) => !line.includes('='))).toEqual([
    '  ... and 1 more (--limit)',
    '  fct_orders  2 rows by order_date, country',
    '    ... and 1 more (--limit)',
    '    raw_orders  2 rows by order_id',
    '      ... and 1 more (--limit)',
    '    dim_customers  1 row by customer_id',
    '      raw_customers  1 row by customer_id',
    '',
  ]);
  const json = JSON.parse(await shop.output(['why', 'raw_orders', '[1]', '--json'])) as unknown;
  expect(json).toMatchObject({
    table: {
      name: 'raw_orders',
      kind: 'raw table',
      topic: 'orders',
      total: 1,
      rows: [{ key: { order_id: 1 }, row: { price: '11.00' }, records: [{ partition: 2, offset: 1, key: '1' }] }],
    },
  });
});

test('a running service answers the same, and says as well what is not there', async () => {
  const shop = await filled();
  const service = new LensProcess(['start', ...shop.flags]);
  running.push(service);
  await service.until(/commands are answered on port/);
  expect(await shop.output(['why', 'fct_orders', '1'])).toBe(FACT);
  const missing = await shop.lens(['why', 'fct_orders', '3']);
  expect([missing.code, missing.stdout]).toEqual([1, '']);
  expect(missing.stderr).toBe(`error ROW_NOT_FOUND: fct_orders has no row ["3"]
  at fct_orders
  hint: its key is order_id; for example lens why fct_orders '{"order_id":1}'
`);
});

test('what cannot be asked ends with 2, and makes nothing', async () => {
  const shop = new Shop();
  const empty = await shop.lens(['why', 'fct_orders', '1']);
  expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('error WAREHOUSE_MISSING: ') as string]);
  expect(existsSync(`${shop.dataDir}/log.sqlite`)).toBe(false);
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50')]));
  await shop.output(['run']);
  const cases: [string[], RegExp][] = [
    [['fct_order', '1'], /^error USAGE: fct_order selects nothing\n {2}hint: did you mean fct_orders\?\n$/],
    [['paid_orders', '1'], /^error USAGE: paid_orders is ephemeral: it has no rows of its own\n/],
    [['fct_orders', '{"order_id": 1'], /^error USAGE: the key \{"order_id": 1 is not JSON\n/],
    [['fct_orders', '[9007199254740993]'], /^error USAGE: the number 9007199254740992 is beyond 2\^53\n/],
    [['fct_orders', '1,2'], /^error USAGE: order_id is BIGINT: "1,2" is no value of it\n/],
    [['fct_orders'], /^error USAGE: missing required argument 'key'\n/],
  ];
  for (const [args, error] of cases) {
    const { code, stderr } = await shop.lens(['why', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(error) as string]);
  }
});

test('a model behind the checkpoint says that what it reads may be newer', async () => {
  const shop = await filled();
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '12.00')]));
  const service = new LensProcess(['start', ...shop.flags, '--set', 'compaction.intervalSeconds=3600']);
  running.push(service);
  await service.until(/batch: 1 record/);
  const { stdout } = await shop.lens(['why', 'daily_sales', '{"country": "DE", "order_date": "2026-02-02"}']);
  expect(stdout).toContain('\n  1 record behind: what it reads may be newer than its rows\n');
});
