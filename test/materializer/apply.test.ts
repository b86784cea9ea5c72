import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Applied } from '../../src/materializer/editions/apply-contract.ts';
import type { ProjectSource } from '../../src/materializer/changes/next-project.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { changedShop, customer, order } from './changed-shop.ts';
import { contents, SHOP, Workshop } from './workshop.ts';

function sourceOf(dir: string): ProjectSource {
  return { dir, vars: '{}', target: { name: 'dev', schema: 'main' } };
}

async function applied(materializer: Materializer, dir: string, options = {}): Promise<Applied> {
  const { id } = await materializer.plan({ source: sourceOf(dir) });
  return materializer.apply({ source: sourceOf(dir), plan: id, ...options });
}

const DIMENSION = "select customer_id, customer_name, country, joined_on from {{ ref('stg_customers') }}";

describe('what is not applied', () => {
  it.each<[string, Readonly<Record<string, string>>, object]>([
    [
      'a model whose data tests fail',
      { 'models/marts/dim_customers.sql': `${DIMENSION} union all ${DIMENSION}` },
      { code: 'TESTS_FAILED', message: expect.stringContaining('unique_dim_customers_customer_id') as string },
    ],
    [
      'a model that fails on the data, with what DuckDB says',
      { 'models/marts/numbers.sql': "select order_id, cast(status as integer) as n from {{ ref('stg_orders') }}" },
      { code: 'MODEL_FAILED', message: expect.stringMatching(/^model numbers failed: .*Could not convert/) as string },
    ],
    [
      'a unique_key that is not',
      {
        'models/marts/keyed.sql':
          "{{ config(unique_key='customer_id') }} select customer_id, status from {{ ref('stg_orders') }}",
      },
      { code: 'MODEL_KEY_NOT_UNIQUE' },
    ],
    ['SQL that does not bind', { 'models/marts/broken.sql': 'select a from nowhere' }, { code: 'MODEL_SQL_INVALID' }],
  ])('%s leaves the live edition, and the project that keeps it', async (_, files, error) => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1'), order(2, 'k1'), customer('k1')]);
    await materializer.run({});
    const before = await contents(materializer);
    const dir = changedShop(files);
    await expect(applied(materializer, dir)).rejects.toMatchObject(error);
    expect(await contents(materializer)).toEqual(before);
    await workshop.publish([order(3, 'k1')]);
    await materializer.run({});
    expect((await materializer.verify({})).status).toBe('equal');
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[3]]);
    expect(await materializer.plan({ source: sourceOf(SHOP) })).toMatchObject({ models: [] });
  });

  it("is a plan that is no longer the one that was shown, or a folder that is not the holder's", async () => {
    await using workshop = await Workshop.of(SHOP);
    const dir = changedShop({ 'models/marts/dim_customers.sql': `${DIMENSION} where country <> 'FR'` });
    await using materializer = await workshop.open({ source: sourceOf(dir) });
    const { id } = await materializer.plan({ source: sourceOf(dir) });
    writeFileSync(path.join(dir, 'models/marts/dim_customers.sql'), `${DIMENSION} where country <> 'NL'`);
    await expect(materializer.apply({ source: sourceOf(dir), plan: id })).rejects.toMatchObject({
      code: 'PLAN_CHANGED',
    });
    await expect(applied(materializer, changedShop({}))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(materializer.apply({ source: { ...sourceOf(dir), vars: '{"a":1}' }, plan: id })).rejects.toMatchObject(
      {
        code: 'USAGE',
        message: expect.stringContaining('another vars: {}, not {"a":1}') as string,
      },
    );
    expect((await applied(materializer, dir)).refreshed?.edition).toBe(2);
  });
});

describe('what is applied', () => {
  it('goes without tests where that is asked for', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([customer('k1')]);
    await materializer.run({});
    const dir = changedShop({ 'models/marts/dim_customers.sql': `${DIMENSION} union all ${DIMENSION}` });
    expect((await applied(materializer, dir, { skipTests: true })).refreshed).toMatchObject({ edition: 2, tests: 0 });
    expect((await materializer.query('select count(*) from dim_customers')).rows).toEqual([[2]]);
  });

  it('is landed again from the log where a topic has another key', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1'), order(2, 'k1'), customer('k1')]);
    await materializer.run({});
    const topic = readFileSync(path.join(SHOP, 'topics/orders/topic.yml'), 'utf8');
    const dir = changedShop({
      'topics/orders/topic.yml': topic.replace('mode: upsert\nkey: order_id', 'mode: append\nkey: []'),
    });
    const { plan } = await applied(materializer, dir);
    expect(plan).toMatchObject({ replay: true, rawTables: [{ name: 'raw_orders', change: 'replay' }] });
    expect(plan.rawTables[0]?.what).toBe(
      "raw_orders is kept by the key order_id in the warehouse, without a key by the topic's contract",
    );
    await workshop.publish([order(2, 'k1')]);
    await materializer.run({});
    expect((await materializer.query('select count(*) from raw_orders')).rows).toEqual([[3]]);
    expect((await materializer.verify({ from: 'log' })).status).toBe('equal');
  });

  it('creates the topic of a new source, and lands it', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1')]);
    await materializer.run({});
    const manifest = {
      1: { topic: 'customers', version: 1 },
      2: { topic: 'orders', version: 1 },
      3: { topic: 'visits', version: 1 },
    };
    const fields = [
      { name: 'visit_id', type: 'long' },
      { name: 'page', type: 'string' },
    ];
    const dir = changedShop({
      'topics/visits/topic.yml': 'table: raw_visits\nmode: upsert\nkey: visit_id\npartitions: 1\n',
      'topics/visits/1.avsc': JSON.stringify({ type: 'record', name: 'Visit', fields }),
      'topics/manifest.json': JSON.stringify(manifest),
      'models/staging/_visits.yml':
        'sources:\n  - name: site\n    schema: main\n    tables: [{name: visits, identifier: raw_visits}]\n',
      'models/marts/visits.sql': "select visit_id, page from {{ source('site', 'visits') }}",
    });
    const { plan } = await applied(materializer, dir);
    expect(plan.rawTables).toMatchObject([{ name: 'raw_visits', change: 'new' }]);
    await using next = new Workshop(dir);
    await next.publish([{ topic: 'visits', key: 1, value: { visit_id: 1, page: 'a' } }], workshop.log);
    await materializer.run({});
    expect((await materializer.query('from visits')).rows).toEqual([[1, 'a']]);
  });

  it(
    'again and again while records come and queries run: each query sees one version, and no record is lost',
    { timeout: 120_000 },
    async () => {
      const dir = changedShop(versioned(0));
      await using workshop = await Workshop.of(dir);
      await workshop.publish([...Array.from({ length: 20 }, (_, i) => customer(`k${i}`)), order(1, 'k1')]);
      await using materializer = await workshop.open({ batch: { maxRecords: 200, maxMilliseconds: 5 } });
      await materializer.run({});
      const stop = new AbortController();
      const following = materializer.follow(stop.signal);
      let published = 1;
      const publishing = (async () => {
        for (; !stop.signal.aborted; await sleep(30)) {
          await workshop.publish(Array.from({ length: 5 }, () => order(++published, `k${published % 25}`)));
        }
      })();
      const seen: string[] = [];
      const reading = (async () => {
        for (; !stop.signal.aborted; await sleep(5)) {
          const { rows } = await materializer.query(
            'select (select list(distinct version) from fct_orders), (select list(distinct version) from versions)',
          );
          seen.push(JSON.stringify(rows[0]));
        }
      })();
      const ROUNDS = 2;
      try {
        for (let round = 1; round <= ROUNDS; round++) {
          for (const [name, text] of Object.entries(versioned(round))) writeFileSync(path.join(dir, name), text);
          expect((await applied(materializer, dir)).refreshed?.edition).toBe(round + 1);
        }
      } finally {
        stop.abort();
        await Promise.all([publishing, following, reading]);
      }
      await materializer.run({});
      expect((await materializer.query('select count(*), max(order_id) from fct_orders')).rows).toEqual([
        [published, published],
      ]);
      expect((await materializer.verify({ from: 'log' })).status).toBe('equal');
      const versions = Array.from({ length: ROUNDS + 1 }, (_, round) => `[[${round}],[${round}]]`);
      expect(versions).toEqual(expect.arrayContaining([...new Set(seen)]));
      expect(seen.toSorted(), 'none comes back').toEqual(seen);
    },
  );
});

const FACTS = readFileSync(path.join(SHOP, 'models/marts/fct_orders.sql'), 'utf8');

/** Two tables that say by which version of the project they were built. */
function versioned(version: number): Readonly<Record<string, string>> {
  return {
    'models/marts/fct_orders.sql': FACTS.replace('orders.quantity,', `orders.quantity, ${version} as version,`),
    'models/marts/versions.sql': "select version, count(*) as n from {{ ref('fct_orders') }} group by version",
  };
}
