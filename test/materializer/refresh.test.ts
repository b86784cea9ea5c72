import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { storesFailures } from '../../src/materializer/nodes/run-data-tests.ts';
import type { NodeProgress } from '../../src/materializer/nodes/node-results.ts';
import type { RefreshNews } from '../../src/materializer/editions/refresh-contract.ts';
import type { DataTest } from '../../src/project/project-contract.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { projectOf } from '../project/project-folder.ts';
import { customer, editionFiles, order, shopWith } from './refresh-lab.ts';
import { contents, differences, SHIPPED, SHOP, Workshop } from './workshop.ts';

type News = NodeProgress | RefreshNews;

async function rows(materializer: Materializer, sql: string, edition?: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const sink = { columns: () => {}, rows: (piece: readonly (readonly unknown[])[]) => void found.push(...piece) };
  await materializer.streamQuery(sql, { edition }, sink);
  return found;
}

/** Changes a closed warehouse behind its back. */
async function tamper(dataDir: string, sql: string): Promise<void> {
  await using warehouse = await Warehouse.open(path.join(dataDir, 'warehouse.duckdb'));
  using connection = await warehouse.connect();
  await connection.run(sql);
}

describe('a full refresh', () => {
  it('says what it finds before it begins, then each phase, and keeps the edition before it', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await using materializer = await workshop.open({ dataDir });
    await workshop.publish([customer('k1'), order(1), order(2)]);
    await materializer.run({});
    const news: News[] = [];
    const { refreshed } = await materializer.run({ fullRefresh: true, onProgress: (one) => news.push(one) });
    expect(refreshed).toMatchObject({ edition: 2, previous: 1, records: 3, tests: 22 });
    expect(news.find(({ kind }) => kind === 'preflight')).toMatchObject({
      kind: 'preflight',
      preflight: { records: 3, topics: 2, lost: [], forgetting: [], neverRefreshed: [] },
    });
    const phases = news.flatMap((one) => (one.kind === 'phase' ? [one.phase] : []));
    expect(phases).toEqual(['replay', 'catch up', 'tests', 'swap']);
    expect(news).toContainEqual({ kind: 'progress', label: 'replay', done: 3, total: 3 });
    expect(editionFiles(dataDir)).toEqual(['warehouse.duckdb', 'warehouse.edition-1.duckdb']);
    await materializer.run({ fullRefresh: true });
    expect(editionFiles(dataDir)).toEqual(['warehouse.duckdb', 'warehouse.edition-2.duckdb']);
    expect((await materializer.status()).editions).toMatchObject({
      live: { number: 3, builtBy: 'full refresh' },
      previous: { number: 2, file: 'warehouse.edition-2.duckdb' },
    });
  });

  it('takes over while the edition before the live one is read, which is another one then', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([order(1)]);
    await materializer.run({});
    await materializer.run({ fullRefresh: true, skipTests: true });
    await workshop.publish([order(2)]);
    await materializer.run({});
    const answers = new Set<unknown>();
    let reading: Promise<void> | undefined;
    let done = false;
    const onProgress = (news: News): void => {
      if (news.kind !== 'phase' || news.phase !== 'swap') return;
      reading = (async () => {
        for (let n = 0; !done; n++) {
          answers.add((await rows(materializer, 'select count(*) from fct_orders', 'previous')).join());
          // It is being closed by now, or is closed.
          for (let turns = n % 8; turns > 0; turns--) await setImmediate();
        }
      })();
    };
    await materializer.run({ fullRefresh: true, skipTests: true, onProgress });
    done = true;
    await reading;
    answers.add((await rows(materializer, 'select count(*) from fct_orders', 'previous')).join());
    expect([...answers]).toEqual(['1', '2']);
  });

  it('shows no older version of a table kept by compaction than there was', async () => {
    await using workshop = await Workshop.of(SHOP);
    let seen: Promise<unknown[]> | undefined;
    await using materializer: Materializer = await workshop.open({
      onEvent: ({ kind }) => {
        if (kind === 'swap') seen = rows(materializer, 'select sum(orders)::int from daily_sales');
      },
    });
    await workshop.publish([customer('k1'), order(1)]);
    await materializer.run({});
    let meanwhile: Promise<unknown> | undefined;
    const onProgress = (news: News): void => {
      if (news.kind !== 'phase' || news.phase !== 'swap') return;
      // The next edition has just caught up. So many compactions of the live one that the last sees an order that comes now.
      const compactions = Array.from({ length: 10 }, () => materializer.compact({ full: false }));
      meanwhile = Promise.all([...compactions, workshop.publish([order(2)]).then(() => materializer.catchUp())]);
    };
    await materializer.run({ fullRefresh: true, skipTests: true, onProgress });
    await meanwhile;
    expect(await seen).toEqual([[2]]);
  });

  it('counts as writers, for whom a swap waits three seconds, those tests alone that store their failures', () => {
    const tests = (said: string): readonly DataTest[] => {
      const sql = `{{ config(${said}) }} select 1 from {{ ref('m') }}`;
      return projectOf({ 'models/m.sql': 'select 1 as x', 'tests/t.sql': sql }).tests;
    };
    const stores = (said: string, storeFailures?: boolean): boolean => storesFailures(tests(said), { storeFailures });
    expect([stores(''), stores('store_failures=true'), stores("store_failures_as='view'")]).toEqual([
      false,
      true,
      true,
    ]);
    expect([stores('', true), stores('store_failures=false', true)]).toEqual([true, false]);
  });

  it('that a crash ended leaves nothing once the warehouse is opened again', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await built(workshop, dataDir);
    const left = ['warehouse.edition-7.duckdb', 'warehouse.edition-7.duckdb.wal', 'warehouse.duckdb.tmp-1-1/spilled'];
    for (const name of left) {
      mkdirSync(path.dirname(path.join(dataDir, name)), { recursive: true });
      writeFileSync(path.join(dataDir, name), 'x');
    }
    await using _ = await workshop.open({ dataDir });
    expect(readdirSync(dataDir).filter((name) => !/^(editions\.json|warehouse\.duckdb(\.wal)?)$/.test(name))).toEqual(
      [],
    );
  });

  it('with a selection rebuilds the models and what reads them from what is stored, and nothing else', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await workshop.publish([customer('k1'), customer('k2'), order(1), order(2, 'k2')]);
    const expected = await built(workshop, dataDir);
    await tamper(
      dataDir,
      "delete from fct_orders where order_id = 1; update dim_customers set customer_name = 'changed'",
    );
    await using materializer = await workshop.open({ dataDir });
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[1]]);
    const news: News[] = [];
    const { refreshed } = await materializer.run({
      fullRefresh: true,
      skipTests: true,
      models: ['fct_orders'],
      onProgress: (one) => news.push(one),
    });
    // Nothing is landed, so there are no records to tell the progress of.
    expect(news.flatMap((one) => (one.kind === 'progress' ? [one.total] : []))).toEqual([]);
    expect(refreshed).toMatchObject({ edition: 2, records: 0 });
    const found = await contents(materializer);
    expect(found).toMatchObject({ fct_orders: expected['fct_orders'], daily_sales: expected['daily_sales'] });
    expect(found['dim_customers']?.every((row) => row.includes('changed'))).toBe(true);
    expect((await materializer.status()).editions.live.builtBy).toBe('refresh of fct_orders');
  });

  it('that fails a test of severity error leaves the live edition, and nothing of the other', async () => {
    const unlucky = "select * from {{ ref('fct_orders') }} where order_id = 13";
    await using workshop = await Workshop.of(shopWith({ 'tests/unlucky.sql': unlucky }));
    const dataDir = path.join(workshop.dir, 'data');
    await using materializer = await workshop.open({ dataDir });
    await workshop.publish([customer('k1'), order(1), order(13)]);
    await materializer.run({});
    const failure = materializer.run({ fullRefresh: true });
    await expect(failure).rejects.toMatchObject({
      code: 'TESTS_FAILED',
      message: expect.stringMatching(/^1 of 23 data tests failed on the new edition.*: unlucky \(/) as string,
      place: 'tests/unlucky.sql',
    });
    expect(editionFiles(dataDir)).toEqual(['warehouse.duckdb']);
    expect((await materializer.status()).editions).toMatchObject({ live: { number: 1 }, previous: null });
    const { refreshed } = await materializer.run({ fullRefresh: true, skipTests: true });
    expect(refreshed).toMatchObject({ edition: 3, tests: 0 });
    // An order of nobody is a warning.
    await workshop.publish([{ topic: 'orders', key: 13, value: null }, order(2, 'nobody')]);
    expect((await materializer.run({ fullRefresh: true })).refreshed).toMatchObject({ edition: 4, tests: 23 });
  });

  it('whose history is gone is refused with the numbers, and names what is lost when that is allowed', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish(Array.from({ length: 12 }, (_, id) => order(id)));
    await materializer.run({});
    const offsets = await workshop.log.offsets(['orders']);
    const [first] = offsets;
    const end = first?.end ?? 0;
    await workshop.embedded.deleteRecordsBefore('orders', 0, end - 1);
    await expect(materializer.run({ fullRefresh: true })).rejects.toMatchObject({
      code: 'LOG_HISTORY_GONE',
      message: expect.stringContaining(`orders/0: first applied 0, earliest held ${end - 1}`) as string,
    });
    const news: News[] = [];
    const options = { fullRefresh: true, allowDataLoss: true, onProgress: (one: News) => void news.push(one) };
    await materializer.run(options);
    const lost = { topic: 'orders', partition: 0, firstApplied: 0, earliestHeld: end - 1, offsets: end - 1 };
    expect(news.find(({ kind }) => kind === 'preflight')).toMatchObject({
      preflight: { lost: [{ ...lost, table: 'raw_orders', tableRows: 12 }] },
    });
    expect(await rows(materializer, 'select count(*) from raw_orders')).toEqual([[12 - (end - 1)]]);
    expect(await rows(materializer, 'select count(*) from raw_orders', 'previous')).toEqual([[12]]);
  });

  it('brings a table of patches back from its topic and loses nothing', async () => {
    await using workshop = await Workshop.of(SHIPPED);
    await using materializer = await workshop.open();
    const image = (id: number) => ({
      topic: 'prompt_enrichments',
      key: [id, 'image'],
      value: { prompt_id: id, kind: 'image', image_path: `${id}.png`, image_linked_at: '2026-03-01T00:00:00Z' },
    });
    const vector = (id: number) => ({
      topic: 'prompt_enrichments',
      key: [id, 'embedding'],
      value: {
        prompt_id: id,
        kind: 'embedding',
        text_embedding: Array.from({ length: 384 }, (_, i) => (id + i) / 512),
        embedding_model: 'hash',
        embedding_enriched_at: '2026-03-01T00:00:00Z',
      },
    });
    await workshop.publish([1, 2, 3].flatMap((id) => [image(id), vector(id)]));
    await materializer.run({});
    await workshop.publish([{ topic: 'prompt_enrichments', key: [2, 'image'], value: null }, image(4)]);
    await materializer.run({});
    const before = (await contents(materializer))['raw_prompt_enrichments'];
    expect(before).toHaveLength(4);
    await materializer.run({ fullRefresh: true, skipTests: true });
    expect((await contents(materializer))['raw_prompt_enrichments']).toEqual(before);
    await materializer.run({ fullRefresh: true, skipTests: true, models: ['dim_prompts'] });
    expect((await contents(materializer))['raw_prompt_enrichments']).toEqual(before);
  });
});

async function built(workshop: Workshop, dataDir: string): Promise<Record<string, string[]>> {
  await using materializer = await workshop.open({ dataDir });
  await materializer.run({});
  return await contents(materializer);
}

describe('a rollback', () => {
  it('returns to the edition before, caught up; a second one goes forward again', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await using materializer = await workshop.open({ dataDir });
    await expect(materializer.rollback({})).rejects.toMatchObject({ code: 'EDITION_UNKNOWN' });
    await workshop.publish([order(1)]);
    await materializer.run({});
    await materializer.run({ fullRefresh: true });
    await workshop.publish([order(2), order(3)]);
    expect(await materializer.rollback({})).toMatchObject({ edition: 1, previous: 2, records: 2 });
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[3]]);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
    // The one that was left stands where it stood.
    expect(await rows(materializer, 'select count(*) from fct_orders', 'previous')).toEqual([[1]]);
    await workshop.publish([order(4)]);
    await materializer.catchUp();
    expect(await materializer.rollback({})).toMatchObject({ edition: 2, previous: 1, records: 3 });
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[4]]);
    // What it applied last is in its write-ahead log, which came along.
    expect(readdirSync(dataDir)).toContain('warehouse.edition-1.duckdb.wal');
    expect(await rows(materializer, 'select count(*) from fct_orders', 'previous')).toEqual([[4]]);
    expect((await materializer.status()).editions).toMatchObject({ live: { number: 2, builtBy: 'full refresh' } });
    await materializer.dropEdition('previous');
    await expect(materializer.rollback({})).rejects.toMatchObject({ code: 'EDITION_UNKNOWN' });
    await expect(rows(materializer, 'select 1', 'previous')).rejects.toMatchObject({ code: 'EDITION_UNKNOWN' });
  });

  it('interrupts who still reads the edition that it returns to', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await materializer.run({});
    const asked = materializer.query('select count(*) from range(1000000) a, range(1000000) b', { timeoutMs: 600_000 });
    const ended = expect(asked).rejects.toMatchObject({ message: expect.stringContaining('rollback') as string });
    await materializer.run({ fullRefresh: true });
    const meanwhile: Promise<unknown>[] = [];
    await materializer.rollback({
      onProgress: (news) => {
        if (news.kind !== 'phase' || news.phase !== 'catch up') return;
        const refused = {
          code: 'WAREHOUSE_LOCKED',
          message: expect.stringMatching(/^a rollback is catching edition 1 up/),
        };
        meanwhile.push(expect(rows(materializer, 'select 1', 'previous')).rejects.toMatchObject(refused));
      },
    });
    await ended;
    await Promise.all(meanwhile);
    expect(meanwhile).toHaveLength(1);
    expect(await rows(materializer, 'select count(*) from fct_orders', 'previous')).toEqual([[0]]);
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[0]]);
  });
});

describe('a model with full_refresh: false', () => {
  const CONFIG = '{{ config(materialized="table", full_refresh=false) }}';
  const KEPT = `${CONFIG} select customer_id, count(*) as orders from {{ ref('stg_orders') }} group by customer_id`;

  it('keeps its rows when the log has lost what they came from; what reads it follows, and new records reach it', async () => {
    const files = {
      'models/marts/kept.sql': KEPT,
      'models/marts/over_kept.sql': `{{ config(materialized="table") }} select sum(orders) as orders from {{ ref('kept') }}`,
    };
    await using workshop = await Workshop.of(shopWith(files));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'a'), order(2, 'a'), order(3, 'b'), order(4, 'b'), order(5, 'c')]);
    await materializer.run({});
    const before = await rows(materializer, 'select * from kept order by 1');
    for (const { topic, partition, end } of await workshop.log.offsets(['orders'])) {
      await workshop.embedded.deleteRecordsBefore(topic, partition, end);
    }
    await workshop.publish([order(6, 'd')]);
    const news: News[] = [];
    const options = { fullRefresh: true, allowDataLoss: true, onProgress: (one: News) => void news.push(one) };
    await materializer.run(options);
    expect(news.find(({ kind }) => kind === 'preflight')).toMatchObject({ preflight: { neverRefreshed: ['kept'] } });
    expect(await rows(materializer, 'select count(*) from raw_orders')).toEqual([[1]]);
    expect(await rows(materializer, 'select * from kept order by 1')).toEqual([...before, ['d', 1]]);
    expect(await rows(materializer, 'select * from over_kept')).toEqual([[6]]);
    // Another one of a: its row goes on from what it was.
    await workshop.publish([order(7, 'a'), order(8, 'd')]);
    await materializer.run({});
    const after = await rows(materializer, 'select * from kept order by 1');
    expect(after).toContainEqual(['d', 2]);
    expect(after).toContainEqual(['b', 2]);
  });

  it('is left alone by a selection, too, also one that it follows from', async () => {
    await using workshop = await Workshop.of(shopWith({ 'models/marts/kept.sql': KEPT }));
    const dataDir = path.join(workshop.dir, 'data');
    await workshop.publish([order(1, 'a')]);
    await built(workshop, dataDir);
    await tamper(dataDir, 'update kept set orders = 77');
    await using materializer = await workshop.open({ dataDir });
    await materializer.run({ fullRefresh: true, skipTests: true, models: ['stg_orders', 'kept'] });
    expect(await rows(materializer, 'select orders from kept')).toEqual([[77]]);
  });
});
