import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { changedShop, customer, order } from './changed-shop.ts';
import { differences, SHOP, Workshop } from './workshop.ts';

async function rows(materializer: Materializer, sql: string): Promise<(readonly unknown[])[]> {
  return (await materializer.query(sql)).rows;
}

const COSTS = 'select model, upkeeps, rows_changed, rebuilds from lens.model_costs order by model';

describe('lens.model_costs', () => {
  it('adds up what batches, compactions and rebuilds of each model cost, with the batch', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    for (const id of [1, 2]) {
      await workshop.publish([order(id, 'k1')]);
      await materializer.run({});
    }
    expect(await rows(materializer, COSTS)).toEqual([
      ['customer_totals', 2, 3, 1],
      ['daily_sales', 2, 3, 1],
      ['dim_customers', 0, 0, 1],
      ['fct_orders', 2, 2, 1],
    ]);
    const spent = 'select max(milliseconds) > 0 and min(rebuild_milliseconds) > 0 from lens.model_costs';
    expect(await rows(materializer, spent)).toEqual([[true]]);
    await materializer.compact({ full: true });
    expect((await rows(materializer, COSTS))[1]).toEqual(['daily_sales', 2, 3, 2]);
  });

  it('is written while batches go on, where nothing is kept by compaction', async () => {
    await using workshop = await Workshop.of(
      changedShop({ 'dbt_project.yml': SHOP_YML.replace('upkeep: compaction', 'owner: ann') }),
    );
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1')]);
    await materializer.catchUp();
    expect(await rows(materializer, COSTS)).toContainEqual(['daily_sales', 1, 1, 1]);
  });

  it('begins again when the model is another one', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1')]);
      await materializer.run({});
    }
    const changed = changedShop({
      'models/marts/dim_customers.sql': "select customer_id, country from {{ ref('stg_customers') }}",
    });
    await using materializer = await workshop.open({ dataDir, project: loadProject(changed) });
    expect(await rows(materializer, COSTS)).toEqual([
      ['customer_totals', 1, 1, 1],
      ['daily_sales', 1, 1, 2],
      ['dim_customers', 0, 0, 1],
      ['fct_orders', 1, 1, 2],
    ]);
  });
});

describe('lens.model_columns', () => {
  it('says which columns of which tables a model follows from, through views and kept aggregates', async () => {
    const limited =
      "{{ config(materialized='table') }} select order_id from {{ ref('fct_orders') }} order by 1 limit 3";
    await using workshop = await Workshop.of(changedShop({ 'models/marts/firsts.sql': limited }));
    await using materializer = await workshop.open();
    const readers = (input: string, column: string): Promise<unknown> =>
      rows(
        materializer,
        `select model from lens.model_columns where input = '${input}' and column_name = '${column}' order by model`,
      );
    expect(await readers('raw_customers', 'country')).toEqual([['dim_customers'], ['stg_customers']]);
    expect(await readers('dim_customers', 'country')).toEqual([['fct_orders']]);
    expect(await readers('raw_orders', 'price')).toEqual([['customer_totals'], ['fct_orders'], ['stg_orders']]);
    expect(await readers('raw_orders', 'note')).toEqual([]);
    expect(await rows(materializer, "select distinct reason from lens.model_columns where model = 'firsts'")).toEqual([
      ['limit'],
    ]);
    expect(
      await rows(materializer, "select name, key_columns from lens.models where upkeep <> 'view' order by name"),
    ).toEqual([
      ['customer_totals', ['customer_id']],
      ['daily_sales', ['order_date', 'country']],
      ['dim_customers', ['customer_id']],
      ['fct_orders', ['order_id']],
      ['firsts', []],
    ]);
  });
});

/** The models built at the second start, of the shop and then of a changed one, over some records. */
async function builtAnew(files: Readonly<Record<string, string>>): Promise<string[]> {
  await using workshop = await Workshop.of(SHOP);
  const dataDir = path.join(workshop.dir, 'kept');
  {
    await using materializer = await workshop.open({ dataDir });
    await workshop.publish([order(1, 'k1'), customer('k1')]);
    await materializer.run({});
  }
  const dir = changedShop(files);
  const project = loadProject(dir);
  workshop.events.length = 0;
  await using materializer = await workshop.open({ dataDir, project, catalog: loadTopics(dir) });
  const messages = workshop.events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  await workshop.publish([order(2, 'k1')]);
  await materializer.run({});
  expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
  const built = messages.find((message) => message.startsWith('built anew: '));
  return [...(built?.matchAll(/(\w+) \((?:[^()]|\([^()]*\))*\)/g) ?? [])].map(([, name]) => name as string);
}

const at = (topic: string, version: number): object => ({ topic, version });
const MARTS = readFileSync(path.join(SHOP, 'models/marts/marts.yml'), 'utf8');
const SHOP_YML = readFileSync(path.join(SHOP, 'dbt_project.yml'), 'utf8');
const withConfig = (model: string, config: string): string =>
  MARTS.replace(`name: ${model}\n`, `name: ${model}\n    config: ${config}\n`);

describe('a changed project', () => {
  it.each<[string, Readonly<Record<string, string>>, string[]]>([
    ['nothing', {}, []],
    [
      'a description, tests, tags and other meta',
      {
        'models/marts/marts.yml': withConfig('dim_customers', '{tags: [x], meta: {owner: ann}}')
          .replaceAll('One row', 'Exactly one row')
          .replace('data_tests: [unique, not_null]', 'data_tests: [unique]'),
      },
      [],
    ],
    [
      'what only refuses',
      { 'dbt_project.yml': SHOP_YML.replace('+tags: staging', '+tags: staging\n    +incremental: required') },
      [],
    ],
    [
      'a unique_key',
      { 'models/marts/marts.yml': withConfig('fct_orders', '{unique_key: order_id}') },
      ['fct_orders', 'daily_sales'],
    ],
    [
      'a view that becomes a table',
      {
        'models/staging/stg_customers.sql':
          "{{ config(materialized='table') }}select customer_id, trim(name) as customer_name, lower(country) as country, joined_on from {{ source('web', 'customers') }}",
      },
      ['stg_customers', 'dim_customers', 'fct_orders', 'daily_sales'],
    ],
    [
      'what a view gives',
      {
        'models/staging/stg_customers.sql':
          "select customer_id, trim(name) as customer_name, lower(country) as country, joined_on from {{ source('web', 'customers') }}",
      },
      ['dim_customers', 'fct_orders', 'daily_sales'],
    ],
    [
      'comments and layout',
      {
        'models/marts/dim_customers.sql':
          "-- one row a customer\nselect customer_id,customer_name, country,\n\n joined_on from {{ ref('stg_customers') }} /* all */",
      },
      [],
    ],
    [
      'who brings it up to date',
      { 'models/marts/marts.yml': withConfig('customer_totals', '{meta: {upkeep: compaction}}') },
      ['customer_totals'],
    ],
  ])('has only what it matters to built anew: %s', async (_, files, expected) => {
    expect(await builtAnew(files)).toEqual(expected);
  });

  it('has what reads all columns of a topic built anew when it brings another', async () => {
    await using workshop = await Workshop.of(
      changedShop({ 'models/marts/all_orders.sql': "select * from {{ source('web', 'orders') }}" }),
    );
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1')]);
      await materializer.run({});
    }
    const schema = readFileSync(path.join(SHOP, 'topics/orders/1.avsc'), 'utf8');
    const wider = schema.replace('  ]\n}', '  ,{ "name": "channel", "type": ["null", "string"], "default": null }]\n}');
    expect(wider).not.toBe(schema);
    const manifest = JSON.stringify({ 1: at('customers', 1), 2: at('orders', 1), 3: at('orders', 2) });
    const files = { 'topics/orders/2.avsc': wider, 'topics/manifest.json': manifest };
    const dir = changedShop(files, workshop.project.dir);
    const project = loadProject(dir);
    await using materializer = await workshop.open({ dataDir, project, catalog: loadTopics(dir) });
    await workshop.publish([order(2, 'k1')]);
    await materializer.run({});
    expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
    expect(await rows(materializer, 'select order_id, channel from all_orders order by 1')).toEqual([
      [1, null],
      [2, null],
    ]);
  });

  it('whose topic has another key is refused, with the way out', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1'), order(2, 'k1')]);
      await materializer.run({});
    }
    const topic = readFileSync(path.join(SHOP, 'topics/orders/topic.yml'), 'utf8');
    const dir = changedShop({
      'topics/orders/topic.yml': topic.replace('key: order_id', 'key: [order_id, customer_id]'),
    });
    await expect(workshop.open({ dataDir, project: loadProject(dir), catalog: loadTopics(dir) })).rejects.toMatchObject(
      { code: 'CONFIG_INVALID', message: expect.stringContaining('key') as string },
    );
  });
});
