import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { LENS, lens } from './lens-process.ts';
import { customer, lines, order, Shop } from './shop.ts';

/** One story, told in order on one data folder. */
const shop = new Shop();

beforeAll(async () => {
  const customers = await shop.lens(['produce', 'customers'], {
    input: lines([customer('ann', 'de'), customer('bob', 'fr')]),
  });
  expect(customers).toMatchObject({ code: 0, stdout: 'published 2 records to customers\n' });
  expect(customers.stderr).toBe('created topics customers, orders\n');
  await shop.output(
    ['produce', 'orders'],
    lines([order(1, 'ann', '10.50'), order(2, 'bob', '60.00'), order(3, 'eve', '1.00', 'open')]),
  );
});

test('run brings every model up, with exact values', async () => {
  const out = await shop.output(['run']);
  expect(out).toMatch(/ {2}done: 5 records in \d+ batch/m);
  expect(await shop.rows('select * from fct_orders order by order_id')).toEqual([
    {
      order_id: 1,
      customer_id: 'ann',
      ordered_at: '2026-02-02T10:00:00Z',
      order_date: '2026-02-02',
      status: 'paid',
      quantity: 2,
      amount_cents: 2100,
      is_large: false,
      country: 'DE',
    },
    expect.objectContaining({ order_id: 2, amount_cents: 12000, is_large: true, country: 'FR' }),
    expect.objectContaining({ order_id: 3, amount_cents: 200, country: null }),
  ]);
  expect(await shop.rows('select order_date, country, orders from daily_sales order by all')).toEqual([
    { order_date: '2026-02-02', country: 'DE', orders: 1 },
    { order_date: '2026-02-03', country: 'FR', orders: 1 },
  ]);
});

test('a second run has nothing to do', async () => {
  expect(await shop.output(['run'])).toMatch(/ {2}done: 0 records/m);
});

test('late customers, corrections and tombstones reach every model', async () => {
  await shop.output(['produce', 'customers'], lines([customer('eve', 'nl')]));
  await shop.output(['produce', 'orders'], lines([order(3, 'eve', '1.00'), '{"key": 1, "value": null}']));
  await shop.output(['run', '--quiet']);
  expect(await shop.rows('select order_id, country from fct_orders order by 1')).toEqual([
    { order_id: 2, country: 'FR' },
    { order_id: 3, country: 'NL' },
  ]);
  expect(await shop.rows('select customer_id, orders, amount_cents from customer_totals order by 1')).toEqual([
    { customer_id: 'bob', orders: 1, amount_cents: 12000 },
    { customer_id: 'eve', orders: 1, amount_cents: 200 },
  ]);
});

test('status and lag', async () => {
  const status = JSON.parse(await shop.output(['status', '--json'])) as Record<string, unknown>;
  expect(status).toMatchObject({
    project: 'shop',
    state: 'current',
    lag: 0,
    recordsApplied: 8,
    deadLetters: 0,
    service: false,
  });
  expect(status['rawTables']).toContainEqual({ name: 'raw_orders', topic: 'orders', rows: 2 });
  await shop.output(['produce', 'orders'], lines([order(4, 'ann', '2.00')]));
  const lag = (await shop.output(['lag'])).trim().split('\n');
  expect(lag[0]?.split(/\s+/)).toEqual(['GROUP', 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG']);
  expect(lag).toHaveLength(6);
  const rows = JSON.parse(await shop.output(['lag', '--json'])) as { lag: number; topic: string }[];
  expect(rows.filter(({ topic }) => topic === 'orders').reduce((sum, row) => sum + row.lag, 0)).toBe(1);
  expect(await shop.output(['status'])).toMatch(/^project +shop, 1 record behind\n/);
});

test('what consume prints, produce takes: the same keys and values', async () => {
  const printed = await shop.output(['consume', 'orders']);
  const records = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records).toHaveLength(6);
  expect(records).toContainEqual(
    expect.objectContaining({
      key: 2,
      value: { ...order(2, 'bob', '60.00') },
      partition: expect.any(Number) as number,
    }),
  );
  expect(records).toContainEqual(expect.objectContaining({ key: 1, value: null }));
  const copy = new Shop();
  await copy.output(['produce', 'orders', '-'], printed);
  const strip = (text: string): unknown[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .sort((a, b) =>
        `${String(a['partition'])} ${String(a['offset'])}`.localeCompare(
          `${String(b['partition'])} ${String(b['offset'])}`,
        ),
      );
  expect(strip(await copy.output(['consume', 'orders']))).toEqual(strip(printed));
});

test('consume from an offset, a partition, with a limit', async () => {
  const missing = await shop.lens(['consume', 'orders', '--partition', '9']);
  expect([missing.code, missing.stdout]).toEqual([2, '']);
  expect(missing.stderr).toMatch(/^error USAGE: orders has the partitions 0 to 2, not 9/);
  const two = await shop.output(['consume', 'orders', '--limit', '2']);
  expect(two.trim().split('\n')).toHaveLength(2);
  const all = (await shop.output(['consume', 'orders']))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { partition: number; offset: number });
  const later = (await shop.output(['consume', 'orders', '--from', '1'])).trim().split('\n').filter(Boolean);
  expect(later).toHaveLength(all.filter(({ offset }) => offset >= 1).length);
  expect(await shop.output(['consume', 'orders', '--from', 'end'])).toBe('');
});

test('a bad line ends produce with its place; the lines before it are published', async () => {
  const before = (await shop.output(['consume', 'customers'])).split('\n').length;
  const bad = { ...customer('zoe', 'de'), joined_on: 'someday' };
  const input = lines([customer('dan', 'de'), bad, customer('kim', 'de')]);
  const result = await shop.lens(['produce', 'customers'], { input });
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toMatch(
    /^error INPUT_INVALID: .*joined_on.*; the 1 record before it is published\n {2}at standard input:2\n/,
  );
  expect((await shop.output(['consume', 'customers'])).split('\n').length).toBe(before + 1);
});

test('bytes that are no record become a dead letter with those bytes; the batch goes on', async () => {
  const garbage = Buffer.from([1, 2, 3]).toString('base64');
  await shop.output(
    ['produce', 'orders'],
    lines([`{"key": 77, "valueBase64": "${garbage}"}`, order(5, 'bob', '3.00')]),
  );
  expect(await shop.output(['run'])).toContain('1 dead letter');
  expect(await shop.rows('select topic, key, value, reason_code from lens.dead_letters')).toEqual([
    {
      topic: 'orders',
      key: Buffer.from('77').toString('base64'),
      value: garbage,
      reason_code: expect.any(String) as string,
    },
  ]);
  expect(await shop.rows('select count(*) as n from raw_orders where order_id = 5')).toEqual([{ n: 1 }]);
  const printed = await shop.output(['consume', 'orders']);
  expect(printed).toContain(`"valueBase64":"${garbage}"`);
});

test('commands that read build nothing, whatever settings and project they are given', async () => {
  const tables = async (): Promise<unknown> =>
    shop.rows(`select schema_name, table_name, estimated_size from duckdb_tables() order by all`);
  const before = await tables();
  const elsewhere = await shop.output(['status', '--set', 'target.schema=elsewhere']);
  expect(elsewhere).not.toContain('built anew');
  await shop.output(['lag', '--set', 'target.schema=elsewhere']);
  expect(await tables()).toEqual(before);
  // A query needs no project at all.
  const result = await lens([
    'query',
    'select count(*) > 0 as any from fct_orders',
    '--data-dir',
    shop.dataDir,
    '--format',
    'csv',
    '--project-dir',
    tmpdir(),
  ]);
  expect([result.code, result.stdout]).toEqual([0, 'any\ntrue\n']);
});

test('full refresh gives the same tables', async () => {
  const query = ['query', 'select * from customer_totals order by 1', '--format', 'csv'];
  const before = await shop.output(query);
  expect(await shop.output(['run', '--full-refresh'])).toMatch(/ {2}done: 1\d records/m);
  expect(await shop.output(query)).toBe(before);
});

test('compact and compile', async () => {
  expect(await shop.output(['compact', '--full'])).toMatch(/^full compaction: daily_sales/);
  const sql = await shop.output(['compile', 'customer_totals']);
  expect(sql).toContain('paid_orders');
  expect(sql).not.toContain('{{');
});

test('a slow reader gets all of it, and one that goes away ends it quietly', async () => {
  await shop.output(
    ['produce', 'orders'],
    lines(Array.from({ length: 5000 }, (_, i) => order(100 + i, 'ann', '1.00'))),
  );
  const start = (args: string[]): ChildProcessByStdio<null, Readable, Readable> =>
    spawn(process.execPath, [LENS, ...args, ...shop.flags], { stdio: ['ignore', 'pipe', 'pipe'] });

  // A table is written at once: all of it is still in the pipe when the command is done.
  const slow = start(['query', "select repeat('x', 100) as x from range(50000)"]);
  await sleep(2000);
  expect((await text(slow.stdout)).split('\n').length).toBe(50_000 + 3);

  const left = start(['consume', 'orders']);
  left.stdout.once('data', () => left.stdout.destroy());
  const stderr = text(left.stderr);
  const code = await new Promise((resolve) => left.on('close', resolve));
  expect([code, await stderr]).toEqual([0, '']);
});
