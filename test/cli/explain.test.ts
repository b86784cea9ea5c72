import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { changedShop } from '../materializer/changed-shop.ts';
import { lens, LensProcess } from './lens-process.ts';
import { lines, order, Shop } from './shop.ts';

interface Explained {
  readonly model: string;
  readonly hints: readonly string[];
  readonly refused: readonly string[];
  readonly cost: { readonly upkeeps: number; readonly rowsChanged: number; readonly lastAt: string } | null;
}

function costsIn(json: string): Record<string, number | null> {
  const plans = JSON.parse(json) as Explained[];
  return Object.fromEntries(plans.map(({ model, cost }) => [model, cost?.upkeeps ?? null]));
}

test('explain needs no warehouse, makes none, and tells what the upkeep cost where there is one', async () => {
  const shop = new Shop();
  const before = await shop.lens(['explain', 'fct_orders', 'daily_sales']);
  expect([before.code, before.stderr]).toEqual([0, '']);
  expect(before.stdout).toContain('fct_orders: redone by order_id, in each batch');
  expect(before.stdout).not.toContain('cost');
  expect(existsSync(path.join(shop.dataDir, 'warehouse.duckdb'))).toBe(false);
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50')]));
  await shop.output(['run']);
  const text = await shop.output(['explain', 'fct_orders', 'daily_sales']);
  expect(text).toMatch(
    /^ {2}cost so far: 1 batch, 1 row changed, \d+ ms \(\d+ ms each\), 1 rebuild in \d+ ms, last 20\d\d-.*Z$/m,
  );
  expect(text).toMatch(/^ {2}cost so far: 1 compaction, 1 row changed, /m);
  const costs = { stg_orders: null, fct_orders: 1 };
  expect(costsIn(await shop.output(['explain', 'stg_orders', 'fct_orders', '--json']))).toEqual(costs);
  const service = new LensProcess(['start', '--log-format', 'json', ...shop.flags]);
  try {
    await service.until(/"event":"ready"/);
    expect(costsIn(await shop.output(['explain', 'stg_orders', 'fct_orders', '--json']))).toEqual(costs);
  } finally {
    service.child.kill('SIGTERM');
    await service.result;
  }
});

test('explain says what would have a model kept by keys, what is not exact, and what start refuses', async () => {
  const dir = changedShop({
    'models/marts/latest.sql':
      "{{ config(incremental='required') }}select order_id, now() as at from {{ ref('fct_orders') }} order by ordered_at desc limit 5",
    'models/marts/by_customer.sql': `select customer_id, sum(cast(quantity as double)) as lifetime,
      arg_max(status, ordered_at) as latest_status from {{ ref('fct_orders') }} group by customer_id`,
    'models/marts/far.sql':
      "select o.order_id, c.country from {{ ref('fct_orders') }} o join {{ ref('dim_customers') }} c on c.customer_id < o.customer_id",
  });
  const flags = ['--project-dir', dir, '--data-dir', path.join(dir, 'data')];
  const explained = await lens(['explain', 'latest', 'by_customer', 'far', ...flags]);
  expect([explained.code, explained.stderr]).toEqual([0, '']);
  const blocks = explained.stdout.split('\n\n');
  const of = (model: string): string[] => blocks.find((block) => block.startsWith(`${model}:`))?.split('\n') ?? [];
  expect(of('by_customer').slice(0, 3)).toEqual([
    'by_customer: redone by customer_id, in each batch',
    '  lifetime: sum of DOUBLE, kept by redoing its groups; compared to 9 digits by verify',
    '  warning: latest_status: arg_max() where its rows tie: DuckDB takes any, so order by something unique as well',
  ]);
  expect(of('far')).toEqual(
    expect.arrayContaining([
      '  because rebuilt when dim_customers changes: a join without an equality',
      '  hint: join by an equality as well, of a key or a date',
    ]),
  );
  expect(of('latest').slice(0, 6)).toEqual([
    'latest: rebuilt by compaction',
    '  because now() gives another value each time',
    expect.stringMatching(/^ {2}hint: pass the time as a column of the event, /),
    '  error at start: now(), and no nondeterministic: allow',
    '  error at start: incremental: required, and now() gives another value each time',
    expect.stringMatching(/^ {2}warning: all columns: limit where its ORDER BY ties/),
  ]);
  const [latest] = JSON.parse((await lens(['explain', 'latest', '--json', ...flags])).stdout) as Explained[];
  expect(latest).toMatchObject({ cost: null });
  expect(latest?.refused).toHaveLength(2);
  expect(latest?.hints).toHaveLength(1);
  const run = await lens(['run', ...flags]);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain('ERROR keeping sql table model main.latest');
  expect(run.stdout).toContain(
    'Runtime Error in model latest (models/marts/latest.sql)\n  MODEL_NONDETERMINISTIC: it is stored, and follows something else than its records: now()\n',
  );
  const compact = await lens(['compact', ...flags]);
  expect([compact.code, compact.stderr.split('\n')[0]], compact.stdout).toEqual([
    1,
    'the model latest cannot be built (MODEL_NONDETERMINISTIC), and its table, if any, stays as it is: ' +
      'models/marts/latest.sql: it is stored, and follows something else than its records: now()',
  ]);
});

test('a unique_key that is not unique is an error of its model, said by run, status and explain', async () => {
  const dir = changedShop({
    'models/marts/by_note.sql':
      "{{ config(unique_key='customer_id') }}select customer_id, note from {{ source('web', 'orders') }}",
  });
  const flags = ['--project-dir', dir, '--data-dir', path.join(dir, 'data')];
  const input = lines([order(1, 'ann', '1.00'), order(2, 'ann', '2.00')]);
  expect((await lens(['produce', 'orders', ...flags], { input })).code).toBe(0);
  const reason = 'the unique_key (customer_id) of model by_note is not unique: customer_id = "ann" in 2 rows';
  const run = await lens(['run', ...flags]);
  expect([run.code, run.stderr]).toEqual([1, '']);
  expect(run.stdout).toMatch(/ERROR keeping sql table model main\.by_note/);
  expect(run.stdout).toMatch(/ERROR=1 /);
  expect(run.stdout).toContain(reason);
  expect((await lens(['status', ...flags])).stdout).toMatch(/by_note +0 +failed .*the unique_key/);
  const [explained, stopped] = await Promise.all([
    lens(['explain', 'by_note', ...flags]),
    lens(['run', '--set', 'models.onFailure=stop', ...flags]),
  ]);
  expect(explained.stdout).toContain(`  failed: ${reason}`);
  expect([stopped.code, stopped.stderr]).toEqual([
    1,
    expect.stringContaining(`error MODEL_KEY_NOT_UNIQUE: ${reason}\n  at by_note\n  hint: `) as string,
  ]);
});
