import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lens, LensProcess, type LensResult } from './lens-process.ts';
import { customer, lines, order, SHOP } from './shop.ts';

/** The shop with a model that may fail, one that reads it, and a data test that may. */
const dir = mkdtempSync(path.join(tmpdir(), 'lens-build-'));
const project = path.join(dir, 'shop');
const flags = ['--project-dir', project, '--data-dir', path.join(dir, 'data')];

beforeAll(async () => {
  cpSync(SHOP, project, { recursive: true });
  file(
    'models/marts/note_numbers.sql',
    "select order_id, cast(note as integer) as n from {{ source('web', 'orders') }}",
  );
  file('models/marts/over_numbers.sql', "select sum(n) as n from {{ ref('note_numbers') }}");
  file('tests/few_orders.sql', "select 1 as one from {{ ref('fct_orders') }} having count(*) > 2");
  await called(['produce', 'customers'], lines([customer('ann', 'de')]));
  await publish(order(1, 'ann', '1.00'), order(2, 'ann', '2.00'));
});

function file(name: string, text: string): void {
  writeFileSync(path.join(project, name), text);
}

function called(args: readonly string[], input = ''): Promise<LensResult> {
  return lens([...args, ...flags], { input });
}

async function publish(...orders: object[]): Promise<void> {
  expect((await called(['produce', 'orders'], lines(orders))).code).toBe(0);
}

/** The lines of results without what is measured. */
function results(output: string): string[] {
  const found = output.matchAll(/^\d\d:\d\d:\d\d {2}\d+ of \d+ (?!START)(.*?) \.* ?\[(.+?)(?: in .*)?\]$/gm);
  return [...found].map(([, what, status]) => `${what} [${status}]`);
}

function runResults(): { args: object; results: { unique_id: string; status: string; [key: string]: unknown }[] } {
  return JSON.parse(readFileSync(path.join(project, 'target/run_results.json'), 'utf8')) as never;
}

test('a first run builds, the next one says how many rows have changed', async () => {
  const first = await called(['run']);
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(results(first.stdout)).toEqual([
    'OK created sql table model main.note_numbers [OK]',
    'OK created sql table model main.over_numbers [OK]',
    'OK kept sql view model main.stg_customers [OK]',
    'OK created sql table model main.dim_customers [OK]',
    'OK kept sql view model main.stg_orders [OK]',
    'OK created sql incremental model main.customer_totals [OK]',
    'OK created sql table model main.fct_orders [OK]',
    'OK created sql table model main.daily_sales [OK]',
  ]);
  expect(first.stdout).toMatch(/ {2}done: 3 records in \d+ batch(es)?, /);
  expect(first.stdout).toMatch(/Finished running 1 incremental model, 5 table models, 2 view models in 0 hours /);
  expect(first.stdout).toMatch(/Done\. PASS=8 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=8\n$/);
  await publish({ ...order(2, 'ann', '3.00'), note: '4' });
  const second = await called(['run', '--select', 'fct_orders', 'dim_customers']);
  expect(results(second.stdout)).toEqual([
    'OK kept sql table model main.dim_customers [OK]',
    'OK kept sql table model main.fct_orders [OK, 2 rows changed]',
  ]);
  expect(runResults().args).toMatchObject({ which: 'run', select: ['fct_orders', 'dim_customers'] });
  expect(runResults().results.at(-1)).toMatchObject({
    unique_id: 'model.shop.fct_orders',
    status: 'success',
    message: 'OK',
    adapter_response: { _message: 'OK', rows_affected: 2 },
    relation_name: '"warehouse"."main"."fct_orders"',
    compiled: true,
  });
});

test('build: tests stand behind what they test', async () => {
  const { code, stdout } = await called(['build', '--select', 'stg_orders', 'fct_orders', 'few_orders']);
  expect(code).toBe(0);
  expect(results(stdout)).toEqual([
    'OK kept sql view model main.stg_orders [OK]',
    'PASS at_least_stg_orders_amount_cents__0 [PASS]',
    'PASS not_null_stg_orders_order_id [PASS]',
    'PASS unique_stg_orders_order_id [PASS]',
    'OK kept sql table model main.fct_orders [OK]',
    'PASS few_orders [PASS]',
    'PASS not_null_fct_orders_order_id [PASS]',
    'PASS relationships_fct_orders_customer_id__customer_id__ref_dim_customers_ [PASS]',
    'PASS unique_fct_orders_order_id [PASS]',
  ]);
  expect(stdout).toMatch(/Finished running 1 table model, 7 data tests, 1 view model in /);
});

test('what follows from a failed test or model is skipped, and kept current where it can be', async () => {
  await publish({ ...order(3, 'ann', '1.00'), note: 'seven' });
  const { code, stdout } = await called(['build', '--exclude', 'source:*', 'customer_totals', 'staging']);
  expect(code).toBe(1);
  expect(results(stdout)).toEqual(
    expect.arrayContaining([
      'FAIL 1 few_orders [FAIL 1]',
      'ERROR keeping sql table model main.note_numbers [ERROR]',
      'SKIP relation main.over_numbers [SKIP]',
      'SKIP relation main.daily_sales [SKIP]',
      'SKIP test not_null_daily_sales_order_date [SKIP]',
    ]),
  );
  expect(stdout).toMatch(
    /over_numbers: note_numbers, which it follows from, failed: its rows are as they were before$/m,
  );
  expect(stdout).toContain('models that are skipped for a test, a seed or a hook have been kept current all the same');
  expect(stdout).toMatch(/Completed with 2 errors, 0 partial successes, and 0 warnings:$/m);
  const sales = await called(['query', 'select sum(orders)::int as n from daily_sales', '--format', 'csv']);
  expect(sales.stdout).toBe('n\n3\n');
  const statuses = Object.fromEntries(runResults().results.map(({ unique_id, status }) => [unique_id, status]));
  expect(statuses).toMatchObject({
    'test.shop.few_orders': 'fail',
    'model.shop.note_numbers': 'error',
    'model.shop.over_numbers': 'skipped',
    'model.shop.daily_sales': 'skipped',
  });
});

test('retry runs what failed or was skipped, until there is nothing left', async () => {
  const again = await called(['retry']);
  expect(again.code).toBe(1);
  expect(results(again.stdout).map((line) => line.split(' ')[0])).toEqual([
    'FAIL',
    'SKIP',
    'SKIP',
    'SKIP',
    'SKIP',
    'ERROR',
    'SKIP',
  ]);
  expect(runResults().args).toMatchObject({ which: 'build' });
  rmSync(path.join(project, 'tests/few_orders.sql'));
  await publish({ ...order(3, 'ann', '1.00'), note: '5' });
  const mended = await called(['retry']);
  expect([mended.code, results(mended.stdout).length]).toEqual([0, 6]);
  const done = await called(['retry']);
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('Nothing to do.') as string]);
  const none = await called(['retry', '--state', path.join(dir, 'nowhere')]);
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringMatching(/^error USAGE: could not find a previous run/) as string,
  ]);
  file('tests/few_orders.sql', "select 1 as one from {{ ref('fct_orders') }} having count(*) > 2");
});

test('through a service the same', async () => {
  await publish({ ...order(3, 'ann', '1.00'), note: 'eight' });
  await called(['run']);
  const service = new LensProcess(['start', '--log-format', 'json', ...flags]);
  try {
    await service.until(/"event":"ready"/);
    await publish({ ...order(3, 'ann', '1.00'), note: '7' });
    const { code, stdout } = await called(['build', '--select', 'note_numbers+', 'few_orders', 'daily_sales']);
    expect(code).toBe(1);
    expect(results(stdout)).toEqual([
      'FAIL 1 few_orders [FAIL 1]',
      'SKIP relation main.daily_sales [SKIP]',
      'SKIP test at_least_daily_sales_orders__1 [SKIP]',
      'SKIP test not_null_daily_sales_order_date [SKIP]',
      'SKIP test sales_match_orders [SKIP]',
      'OK created sql table model main.note_numbers [OK]',
      'OK created sql table model main.over_numbers [OK]',
    ]);
  } finally {
    service.child.kill('SIGTERM');
    await service.result;
  }
});

test('quiet, json, nothing selected, no artifacts', async () => {
  expect(await called(['run', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const json = await called(['run', '--log-format', 'json', '--select', 'fct_orders']);
  const events = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events).toContainEqual(expect.objectContaining({ event: 'run', records: 0, interrupted: false }));
  expect(events.at(-1)).toMatchObject({ info: { name: 'StatsLine' }, data: { stats: { pass: 1 } } });
  const none = await called(['build', '--select', 'nothing_here']);
  expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('Nothing to do.') as string]);
  rmSync(path.join(project, 'target'), { recursive: true });
  await called(['run', '--no-write-json']);
  expect(() => runResults()).toThrow('ENOENT');
  await called(['run', '--target-path', 'elsewhere']);
  expect(readFileSync(path.join(project, 'elsewhere/run_results.json'), 'utf8')).toContain('run-results/v6.json');
});
