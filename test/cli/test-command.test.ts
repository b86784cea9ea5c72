import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lens, LensProcess, type LensResult } from './lens-process.ts';
import { customer, lines, order, SHOP } from './shop.ts';

/** The shop with data tests that fail in each way there is. */
const dir = mkdtempSync(path.join(tmpdir(), 'lens-tests-'));
const project = path.join(dir, 'shop');
const flags = [
  '--project-dir',
  project,
  '--data-dir',
  path.join(dir, 'data'),
  '--set',
  'compaction.intervalSeconds=600',
];

const TESTS = {
  a_cast: "select 1 as one from {{ ref('fct_orders') }} where cast('x' || order_id as integer) > 0",
  a_missing_column: "select nothing from {{ ref('fct_orders') }}",
  raising:
    "{{ exceptions.raise_compiler_error('no such month') if execute }}select order_id from {{ ref('fct_orders') }}",
  two_big:
    "{{ config(limit=2, store_failures=true) }}\nselect order_id from {{ ref('fct_orders') }} where quantity > 0",
  warned: "{{ config(severity='warn') }}\nselect order_id from {{ ref('fct_orders') }}",
  warned_from_five: "{{ config(warn_if='> 4', error_if='> 5') }}\nselect order_id from {{ ref('fct_orders') }}",
  kept_to_itself:
    "{{ config(store_failures=false, severity='warn') }}\nselect 1 as one from {{ ref('dim_customers') }}",
};

beforeAll(async () => {
  cpSync(SHOP, project, { recursive: true });
  for (const [name, sql] of Object.entries(TESTS)) writeFileSync(path.join(project, `tests/${name}.sql`), sql);
  await called(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
  await called(
    ['produce', 'orders'],
    lines([order(1, 'ann', '1.00'), order(2, 'bob', '2.00'), order(3, 'eve', '3.00')]),
  );
  expect((await called(['run'])).code).toBe(0);
});

function called(args: readonly string[], input = ''): Promise<LensResult> {
  return lens([...args, ...flags], { input });
}

/** `FAIL 2 in` by test, of the lines of results. */
function statuses(output: string): Record<string, string> {
  const found = output.matchAll(
    /^\d\d:\d\d:\d\d {2}\d+ of \d+ (?!START)\S+ (?:\d+ |test )?(\S+) .*\[(.+?)(?: in .*)?\]$/gm,
  );
  return Object.fromEntries([...found].map(([, name, status]) => [name, status]));
}

async function rows(sql: string): Promise<unknown> {
  return JSON.parse((await called(['query', sql, '--format', 'json'])).stdout);
}

interface Result {
  readonly unique_id: string;
  readonly [key: string]: unknown;
}

function runResults(): { args: object; results: Result[] } {
  return JSON.parse(readFileSync(path.join(project, 'target/run_results.json'), 'utf8')) as never;
}

test('every status, in the words of dbt', async () => {
  const { code, stdout, stderr } = await called(['test']);
  expect([code, stderr]).toEqual([1, '']);
  expect(statuses(stdout)).toMatchObject({
    a_cast: 'ERROR',
    a_missing_column: 'ERROR',
    raising: 'ERROR',
    two_big: 'FAIL 2',
    warned: 'WARN 3',
    warned_from_five: 'PASS',
    kept_to_itself: 'WARN 2',
    relationships_fct_orders_customer_id__customer_id__ref_dim_customers_: 'WARN 1',
    unique_fct_orders_order_id: 'PASS',
  });
  const text = stdout.replaceAll(/^\d\d:\d\d:\d\d {2}/gm, '');
  expect(text).toContain(
    `Failure in test a_cast (tests/a_cast.sql)
  Runtime Error in test a_cast (tests/a_cast.sql)
  Conversion Error: Could not convert string 'x1' to INT32`,
  );
  expect(text).toContain('Compilation Error in test raising (tests/raising.sql)\n  no such month');
  expect(text).toContain(
    `Failure in test two_big (tests/two_big.sql)
  Got 2 results, configured to fail if != 0

  compiled code at target/compiled/shop/tests/two_big.sql

  See test failures:
  -----------------------------------------------
  select * from "main_dbt_test__audit"."two_big"
  -----------------------------------------------`.replaceAll(
      '-----------------------------------------------',
      '-'.repeat(46),
    ),
  );
  expect(text).toContain('Warning in test warned (tests/warned.sql)\nGot 3 results, configured to warn if != 0\n');
  expect(text).toMatch(/^Completed with 4 errors, 0 partial successes, and 4 warnings:$/m);
  expect(text.trimEnd().split('\n').at(-1)).toBe('Done. PASS=21 WARN=4 ERROR=4 SKIP=0 NO-OP=0 TOTAL=29');
  expect(await rows('select count(*) as n from main_dbt_test__audit.two_big')).toEqual([{ n: 2 }]);
});

test('run_results.json and compiled SQL', () => {
  const { args, results } = runResults();
  expect(args).toMatchObject({ which: 'test', select: [] });
  expect(results).toHaveLength(29);
  const of = (name: string): unknown => results.find(({ unique_id }) => unique_id === `test.shop.${name}`);
  expect(of('two_big')).toMatchObject({
    status: 'fail',
    failures: 2,
    message: 'Got 2 results, configured to fail if != 0',
    relation_name: '"warehouse"."main_dbt_test__audit"."two_big"',
    timing: [{ name: 'execute' }],
  });
  expect(of('a_cast')).toMatchObject({ status: 'error', failures: null, compiled: true });
  expect(of('warned_from_five')).toMatchObject({ status: 'pass', failures: 0, message: null, relation_name: null });
  const compiled = readFileSync(path.join(project, 'target/compiled/shop/tests/warned.sql'), 'utf8');
  expect(compiled).toBe('select order_id from "main"."fct_orders"');
});

test('--store-failures stores those that do not refuse, and not_null whole rows', async () => {
  // What was stored before is replaced.
  const again = await called(['test', '--store-failures']);
  expect(statuses(again.stdout)).toMatchObject({ two_big: 'FAIL 2', warned: 'WARN 3', warned_from_five: 'PASS' });
  const stored = "select table_name as t from information_schema.tables where table_schema = 'main_dbt_test__audit'";
  const names = ((await rows(stored)) as { t: string }[]).map(({ t }) => t);
  expect(names).toEqual(
    expect.arrayContaining(['two_big', 'warned', 'warned_from_five', 'not_null_dim_customers_customer_id']),
  );
  expect(names).not.toContain('kept_to_itself');
  expect(names.every((name) => name.length < 64)).toBe(true);
  expect(await rows('describe main_dbt_test__audit.not_null_dim_customers_customer_id')).toHaveLength(4);
});

test('--select, --fail-fast and --warn-error', async () => {
  const some = await called(['test', '--select', 'daily_sales']);
  expect([some.code, Object.keys(statuses(some.stdout)).sort()]).toEqual([
    0,
    ['at_least_daily_sales_orders__1', 'not_null_daily_sales_order_date', 'sales_match_orders'],
  ]);
  const fast = await called(['test', '--fail-fast']);
  expect(fast.code).toBe(1);
  expect(statuses(fast.stdout)).toMatchObject({ a_cast: 'ERROR', two_big: 'SKIP', warned: 'SKIP' });
  expect(fast.stdout).toMatch(/Done\. PASS=0 WARN=0 ERROR=1 SKIP=28 NO-OP=0 TOTAL=29\n$/);
  expect(runResults().results.at(-1)).toMatchObject({ status: 'skipped', message: 'Skipping due to fail_fast' });
  const cautious = await called(['test', '--select', 'daily_sales', '--indirect-selection', 'cautious']);
  expect(Object.keys(statuses(cautious.stdout))).not.toContain('sales_match_orders');
  const none = await called(['test', '--select', 'nothing_here']);
  expect([none.code, none.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^.* {2}The selection criterion 'nothing_here' does not match any enabled nodes\n.*Nothing to do\./,
    ) as string,
  ]);
  const strict = await called(['test', '--select', 'dim_customers', '--warn-error']);
  expect([strict.code, statuses(strict.stdout)['kept_to_itself']]).toEqual([1, 'FAIL 2']);
});

test('--quiet says what failed alone; json is an object a line', async () => {
  const quiet = await called(['test', '--select', 'daily_sales', '--quiet']);
  expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', '']);
  const failing = await called(['test', '--quiet', '--select', 'fct_orders']);
  expect(statuses(failing.stdout)).toEqual({
    a_cast: 'ERROR',
    a_missing_column: 'ERROR',
    raising: 'ERROR',
    two_big: 'FAIL 2',
  });
  const json = await called(['test', '--select', 'daily_sales', '--log-format', 'json']);
  const events = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { info: object; data: object });
  expect(events.at(-1)).toMatchObject({
    info: { name: 'StatsLine', level: 'info' },
    data: { stats: { pass: 3, total: 3 } },
  });
  expect(events.map(({ info }) => info)).toContainEqual(
    expect.objectContaining({ name: 'LogStartLine', code: 'Q011' }),
  );
});

test('beside a service, whose models kept by compaction stand at an older checkpoint', async () => {
  const service = new LensProcess(['start', '--log-format', 'json', ...flags]);
  try {
    await service.until(/"event":"ready"/);
    await called(['produce', 'orders'], lines([order(4, 'ann', '4.00')]));
    await service.until(/"event":"batch"/);
    const { code, stdout } = await called(['test', '--select', 'fct_orders', 'daily_sales']);
    expect(code).toBe(1);
    expect(statuses(stdout)).toMatchObject({ warned: 'WARN 4', two_big: 'FAIL 2', sales_match_orders: 'FAIL 1' });
    const remark = 'daily_sales stands 1 record behind the warehouse; lens compact brings it up';
    expect(stdout).toMatch(
      new RegExp(`Failure in test sales_match_orders .*\\n.*Got 1 result, .*\\n.*  ${remark}$`, 'm'),
    );
    await called(['compact']);
    const after = await called(['test', '--select', 'daily_sales']);
    expect([after.code, after.stdout.includes('stands')]).toEqual([0, false]);
  } finally {
    service.child.kill('SIGTERM');
    await service.result;
  }
});

test('it catches up nothing, and says how far behind it is', async () => {
  await called(['produce', 'orders'], lines([order(5, 'ann', '5.00'), order(6, 'ann', '6.00')]));
  const { stdout } = await called(['test', '--select', 'fct_orders']);
  expect(statuses(stdout)['warned']).toBe('WARN 4');
  expect(stdout).toContain(
    'the warehouse is 2 records behind the log, and was tested as it is; lens build catches up first',
  );
  const missing = await lens(['test', '--project-dir', project, '--data-dir', path.join(dir, 'none')]);
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringMatching(/^error WAREHOUSE_MISSING/) as string]);
});
