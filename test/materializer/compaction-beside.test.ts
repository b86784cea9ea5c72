import { cpSync, existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Edition } from '../../src/materializer/edition.ts';
import { RECORDS_BEFORE_CHECKPOINT } from '../../src/materializer/file-checkpoint.ts';
import { order } from './changed-shop.ts';
import { differences, SHOP, Workshop } from './workshop.ts';

/** The shop with a model kept by compaction whose SELECT works for some seconds. */
async function shopWithSlowModel(): Promise<Workshop> {
  await using first = await Workshop.of(SHOP);
  const dir = path.join(first.dir, '..', `${path.basename(first.dir)}-slow`);
  cpSync(SHOP, dir, { recursive: true });
  writeFileSync(
    path.join(dir, 'models/reports/slow_counts.sql'),
    `{{ config(materialized='table', meta={'upkeep': 'compaction'}) }}
     select customer_id, count(*) as orders,
       max((select count(*) from range(20000) a, range(20000) b where a.range + b.range < 0)) as nothing
     from {{ ref('fct_orders') }} group by customer_id`,
  );
  return Workshop.of(dir);
}

/** Publishes so many orders, each with the next id and the note. */
async function publisher(workshop: Workshop, note: string | null = null): Promise<(count: number) => Promise<void>> {
  const one = order(0, 'k1', note).value;
  const json = workshop.catalog.json('orders');
  const { value } = await json.encode(undefined, one);
  expect(value).not.toBeNull();
  let id = 0;
  return async (count: number): Promise<void> => {
    await using writer = await workshop.log.write();
    for (let i = 0; i < count; i++) {
      const encoded = await json.encode(undefined, { ...one, order_id: ++id });
      writer.add('orders', encoded.key, encoded.value, { timestamp: 1000 });
    }
    await writer.flush();
  };
}

describe('a compaction', () => {
  it('that begins as soon as one has ended is waited for all the same', async () => {
    await using workshop = await Workshop.of(SHOP);
    const { project, catalog, dir } = workshop;
    const warehouse = { threads: 1 };
    await using edition = await Edition.open(path.join(dir, 'again.duckdb'), { project, catalog, warehouse });
    await edition.compaction.run(true);
    const second = edition.compaction.run(true);
    for (let hop = 0; hop < 5; hop++) await Promise.resolve();
    expect(edition.compaction.isRunning).toBe(true);
    await second;
    await edition.compaction.idle();
    expect(edition.compaction.isRunning).toBe(false);
  });

  it('lets batches go on beside it, and the next one brings what they touched', { timeout: 120_000 }, async () => {
    await using workshop = await shopWithSlowModel();
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1'), order(2, 'k2')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1')]);
    await materializer.catchUp();
    const kinds = (): string[] => workshop.events.slice(before).map((event) => event.kind);
    const before = workshop.events.length;
    const compacting = materializer.compact({ full: false });
    await workshop.publish([order(4, 'k1'), order(5, 'k3'), { topic: 'orders', key: 2, value: null }]);
    await materializer.catchUp();
    const { milliseconds, heldMilliseconds } = await compacting;
    expect(kinds()).toEqual(['batch', 'compaction']);
    // The SELECT is most of it, and no batch waits for that.
    expect(heldMilliseconds).toBeLessThan(0.8 * milliseconds);
    // The order of the checkpoint at which it began, and no other.
    const counts = 'select customer_id, orders from slow_counts order by customer_id';
    expect((await materializer.query(counts)).rows).toEqual([
      ['k1', 2],
      ['k2', 1],
    ]);
    const slow = (await materializer.status()).models.find(({ name }) => name === 'slow_counts');
    expect(slow).toMatchObject({ state: 'behind', recordsBehind: 3 });
    expect(await differences(materializer, workshop.project, ['batch'])).toEqual([]);
    await materializer.compact({ full: false });
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('is waited for by a full refresh, and by whoever closes the warehouse', { timeout: 120_000 }, async () => {
    await using workshop = await shopWithSlowModel();
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1'), order(2, 'k2')]);
      await materializer.run({});
      await workshop.publish([order(3, 'k1')]);
      const compacting = materializer.compact({ full: false });
      const refreshed = await materializer.run({ fullRefresh: true });
      expect(refreshed.models.every(({ status }) => status === 'success')).toBe(true);
      await compacting;
      expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
      await workshop.publish([order(4, 'k1')]);
      await materializer.catchUp();
      void materializer.compact({ full: false }).catch(() => undefined);
    }
    await using again = await workshop.open({ dataDir });
    await again.run({});
    expect(await differences(again, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });
});

describe("DuckDB's file checkpoint", () => {
  it('is written between batches, too, before much is in the write-ahead log', { timeout: 120_000 }, async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open({ batch: { maxRecords: 20_000, maxMilliseconds: 5000 } });
    const walBytes = async (): Promise<number> => {
      const { rows } = await materializer.query('select wal_size from pragma_database_size()');
      return Number.parseFloat(String(rows[0]?.[0])) * (/KiB/.test(String(rows[0]?.[0])) ? 1024 : 1);
    };
    const publish = await publisher(workshop);
    await publish(40_000);
    await materializer.catchUp();
    const before = await walBytes();
    expect(before).toBeGreaterThan(0);
    await publish(RECORDS_BEFORE_CHECKPOINT - 40_000);
    await materializer.catchUp();
    expect(await walBytes()).toBe(0);
  });

  it('is written in bulk, too, when rows fill the memory, and before models are rebuilt over them', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'kept');
    const wal = path.join(dataDir, 'warehouse.duckdb.wal');
    const sizes: number[] = [];
    let rebuilt: number | undefined;
    await using materializer = await workshop.open({
      dataDir,
      batch: { maxRecords: 10_000, maxMilliseconds: 5000 },
      bulk: { lagRecords: 1000 },
      warehouse: { memoryLimit: '64MB' },
      onEvent: (event) => {
        const size = existsSync(wal) ? statSync(wal).size : 0;
        if (event.kind === 'batch') sizes.push(size);
        if (event.kind === 'rebuild') rebuilt = size;
      },
    });
    const publish = await publisher(workshop, 'as long as notes are '.repeat(20));
    await publish(50_000);
    await materializer.catchUp();
    // By two batches the memory for rows is full; the fifth leaves some behind, which are written before the rebuild's own.
    expect(sizes.map((size) => size > 0)).toEqual([true, true, false, true, true]);
    expect(rebuilt).toBeLessThan(sizes.at(-1) as number);
  });
});
