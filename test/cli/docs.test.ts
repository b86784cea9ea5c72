import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { DocsData } from '../../src/cli/docs/docs-data.ts';
import { lens, LensProcess } from './lens-process.ts';
import { customer, lines, order, Shop } from './shop.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'lens-docs-'));
const place = ['--target-path', dir];
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function json(name: string): Record<string, Record<string, Record<string, unknown>>> {
  return JSON.parse(readFileSync(path.join(dir, name), 'utf8')) as ReturnType<typeof json>;
}

/** What the page is made of. */
function pageData(): DocsData {
  const page = readFileSync(path.join(dir, 'index.html'), 'utf8');
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
  return JSON.parse(data) as DocsData;
}

test('docs generate writes a catalog of what is stored, and a page with it; docs serve serves them', async () => {
  const shop = new Shop();
  const without = await shop.lens(['docs', 'generate', ...place]);
  expect(without).toMatchObject({ code: 0, stderr: expect.stringMatching(/the catalog is empty/) as string });
  expect(json('catalog.json')['nodes']).toEqual({});
  expect(pageData().resources.find(({ name }) => name === 'fct_orders')?.rows).toBe(null);

  await shop.output(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50')]));
  await shop.output(['run', '--no-write-json']);
  await shop.output(['docs', 'generate', ...place]);
  const catalog = json('catalog.json');
  expect(catalog['nodes']?.['model.shop.dim_customers']).toMatchObject({
    metadata: { type: 'BASE TABLE', schema: 'main', name: 'dim_customers' },
    columns: { customer_id: { type: 'VARCHAR', index: 1 } },
    stats: { num_rows: { value: 2 } },
  });
  expect(catalog['nodes']?.['model.shop.stg_orders']).toMatchObject({ metadata: { type: 'VIEW' } });
  expect(catalog['sources']?.['source.shop.web.customers']).toMatchObject({ stats: { num_rows: { value: 2 } } });
  expect(json('manifest.json')['nodes']?.['model.shop.fct_orders']).toMatchObject({
    compiled: true,
    compiled_code: expect.stringContaining('"main"."dim_customers"') as string,
  });
  const fact = pageData().resources.find(({ name }) => name === 'fct_orders');
  expect(fact).toMatchObject({
    type: 'model',
    relation: 'main.fct_orders',
    rows: 1,
    upkeep: {
      how: 'redone by order_id, in each batch',
      because: null,
      more: expect.arrayContaining([expect.stringMatching(/^cost so far: /)]) as string[],
    },
  });
  expect(pageData().status).toMatchObject({ state: 'current', lag: 0, edition: 1, recordsApplied: 3 });
  expect(pageData().status?.models.find(({ name }) => name === 'fct_orders')).toMatchObject({
    state: 'current',
    rows: 1,
  });
  // nothing of the machine is on a page that may be shown to anybody
  expect(readFileSync(path.join(dir, 'index.html'), 'utf8')).not.toContain(shop.dataDir);
  expect(fact?.columns.find(({ name }) => name === 'order_id')?.type).toBe('BIGINT');
  expect(fact?.parents).toContain('model.shop.dim_customers');
  const source = pageData().resources.find(({ id }) => id === 'source.shop.web.customers');
  expect(source?.facts).toContainEqual(['fed by the topic', 'customers']);

  const server = new LensProcess(['docs', 'serve', '--port', '0', '--no-browser', ...shop.flags, ...place]);
  await server.until(/Serving docs at http:\S+;/);
  const url = /http:\S+(?=;)/.exec(server.stdout)?.[0] as string;
  for (const [name, status] of [
    ['/', 200],
    ['/catalog.json', 200],
    ['/status.json', 204],
    ['/../package.json', 404],
    ['/compiled', 404],
  ] as const) {
    expect([name, (await fetch(url + name)).status]).toEqual([name, status]);
  }
  server.child.kill('SIGTERM');
  expect(await server.result).toMatchObject({ code: 0 });
});

test('compile prints what is named, in dbt’s words what is selected, and writes it where dbt does', async () => {
  const shop = new Shop();
  expect(await shop.output(['compile', 'customer_totals', ...place])).toMatch(
    /^with __dbt__cte__paid_orders as[\s\S]*"main"."stg_orders"/,
  );
  const select = await shop.output(['compile', '--select', 'dim_customers', ...place]);
  expect(select).toMatch(/^Compiled node 'dim_customers' is:\n/);
  const sql = readFileSync(path.join(dir, 'compiled/shop/models/marts/dim_customers.sql'), 'utf8');
  expect(select).toContain(sql);
  const inline = ['compile', '--inline', "select 1 from {{ ref('stg_orders') }}", ...place];
  expect(await shop.output(inline)).toBe('Compiled inline node is:\nselect 1 from "main"."stg_orders"\n');
  expect(JSON.parse(await shop.output([...inline, '--output', 'json']))).toEqual({
    compiled: 'select 1 from "main"."stg_orders"',
  });
  expect(await shop.output(['compile', ...place])).toMatch(/^compiled \d+ nodes to /);
  const nothing = await shop.lens(['compile', '--select', 'no_such_model', ...place]);
  expect(nothing).toMatchObject({ code: 0, stdout: '' });
  expect(nothing.stderr).toMatch(/'no_such_model' does not match any enabled nodes\nNothing to do/);
  expect((await shop.lens(['compile', '--select', 'no_such_model', '--strict-select', ...place])).code).toBe(2);
});

test('a project of dbt that has no topics yet has its pages, but for how models are kept', async () => {
  const rides = fileURLToPath(new URL('../fixtures/rides', import.meta.url));
  const result = await lens(['docs', 'generate', '--empty-catalog', '--project-dir', rides, ...place]);
  expect(result).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/no topic feeds raw_bikes, raw_rides, raw_payments: how models/) as string,
  });
  const { resources } = pageData();
  expect(resources.find(({ type }) => type === 'exposure')?.parents).not.toEqual([]);
  expect(resources.filter(({ type }) => type === 'model').map(({ upkeep }) => upkeep)).toContain(null);
});
