import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lens, type LensResult } from './lens-process.ts';
import { customer, order, SHOP } from './shop.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'lens-freshness-'));
const project = path.join(dir, 'shop');
const flags = ['--project-dir', project, '--data-dir', path.join(dir, 'data')];
const HOUR = 3_600_000;

function called(args: readonly string[], input = ''): Promise<LensResult> {
  return lens([...args, ...flags], { input });
}

/** A record whose time in the log is so many hours ago. */
function aged(value: object, hours: number): string {
  return `${JSON.stringify({ value, timestamp: Date.now() - hours * HOUR })}\n`;
}

function sources(orders: string, customers: string): void {
  writeFileSync(
    path.join(project, 'models/staging/_sources.yml'),
    `sources:
  - name: web
    schema: main
    config: { freshness: { warn_after: { count: 12, period: hour }, error_after: { count: 2, period: day } } }
    tables:
      - { name: customers, identifier: raw_customers, config: { ${customers} } }
      - { name: orders, identifier: raw_orders, config: { ${orders} } }
`,
  );
}

function statuses(output: string): Record<string, string> {
  const found = output.matchAll(/ {2}\d+ of \d+ (?!START).* freshness of (\S+) .*\[(.*) in .*\]$/gm);
  return Object.fromEntries([...found].map(([, name, status]) => [name, status]));
}

beforeAll(async () => {
  cpSync(SHOP, project, { recursive: true });
  sources('', '');
  const file = path.join(project, 'models/reports/daily_sales.yml');
  const limits = 'config: { freshness: { error_after: { count: 30, period: minute } } }';
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('description: One row', `${limits}\n    description: One row`),
  );
  await called(['produce', 'customers'], aged(customer('ann', 'de'), 100));
  await called(['produce', 'orders'], aged(order(1, 'ann', '1.00'), 30) + aged(order(2, 'ann', '1.00'), 20));
  expect((await called(['run'])).code).toBe(0);
});

test('by the newest record applied of the topic, and of models by what waits in the log', async () => {
  const told = await called(['freshness']);
  expect(statuses(told.stdout)).toEqual({ 'web.customers': 'ERROR STALE', 'web.orders': 'WARN', daily_sales: 'PASS' });
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(
    /Failure in source web\.customers .*\n.* {2}Status: error, its newest row is 4\.2 days old$/m,
  );
  const only = await called(['source', 'freshness', '--select', 'source:web.orders']);
  expect([only.code, statuses(only.stdout)]).toEqual([0, { 'web.orders': 'WARN' }]);
  const artifact = JSON.parse(readFileSync(path.join(project, 'target/sources.json'), 'utf8')) as {
    results: { max_loaded_at_time_ago_in_s: number }[];
  };
  expect(artifact).toMatchObject({
    metadata: { dbt_schema_version: 'https://schemas.getdbt.com/dbt/sources/v3.json' },
    results: [{ unique_id: 'source.shop.web.orders', status: 'warn', criteria: { warn_after: { count: 12 } } }],
  });
  expect(artifact.results[0]?.max_loaded_at_time_ago_in_s).toBeCloseTo(20 * 3600, -3);
  // A record that nobody has applied: the source is as fresh as what has been, the model behind.
  await called(['produce', 'orders'], aged(order(3, 'ann', '1.00'), 1));
  const behind = await called(['freshness']);
  expect(statuses(behind.stdout)).toMatchObject({ 'web.orders': 'WARN', daily_sales: 'ERROR STALE' });
  expect(behind.stdout).toMatch(
    /Failure in model daily_sales .*\n.* {2}Status: error, it is behind by 60\.\d minutes$/m,
  );
  await called(['run']);
  const applied = await called(['freshness']);
  expect(statuses(applied.stdout)).toMatchObject({ 'web.orders': 'PASS', daily_sales: 'PASS' });
});

test('by loaded_at_field with a filter, by loaded_at_query, and what cannot be told', async () => {
  sources(
    "loaded_at_field: ordered_at, freshness: { filter: 'order_id > 999' }",
    "loaded_at_query: 'select now()::timestamp - interval 13 hour'",
  );
  const told = await called(['freshness', '--exclude', 'daily_sales']);
  expect([told.code, statuses(told.stdout)]).toEqual([1, { 'web.customers': 'WARN', 'web.orders': 'ERROR STALE' }]);
  expect(told.stdout).toMatch(/Failure in source web\.orders .*\n.* {2}Status: error, it has no row$/m);
  sources('loaded_at_field: nowhere', "loaded_at_query: 'select now()::timestamp'");
  const wrong = await called(['freshness', '--exclude', 'daily_sales', '--output', 'target/other.json']);
  expect([wrong.code, statuses(wrong.stdout)]).toEqual([1, { 'web.customers': 'PASS', 'web.orders': 'ERROR' }]);
  expect(wrong.stdout).toMatch(/Failure in source web\.orders .*\n.*Binder Error: Referenced column "nowhere"/);
  expect(readFileSync(path.join(project, 'target/other.json'), 'utf8')).toContain('"status":"runtime error"');
  const none = await called(['freshness', '--select', 'fct_orders']);
  expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('Nothing to do.') as string]);
  sources('freshness: { warn_after: { count: 1, period: weeks } }', '');
  const unread = await called(['freshness']);
  expect([unread.code, unread.stderr]).toEqual([
    2,
    expect.stringMatching(/^error PROJECT_INVALID: warn_after of orders/) as string,
  ]);
});
