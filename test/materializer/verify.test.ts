import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { blockRange, firstAt } from '../../src/log/block-range.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { Materializer } from '../../src/materializer/materializer.ts';
import type {
  TableVerification,
  Verification,
  VerifyOptions,
} from '../../src/materializer/verification/verification.ts';
import { verifyWarehouse } from '../../src/materializer/verification/verify.ts';
import { Edition } from '../../src/materializer/edition.ts';
import { Connection } from '../../src/warehouse/connection.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { histories, type Happening } from './random-history.ts';
import { SHIPPED, SHOP, Workshop } from './workshop.ts';

const projects: string[] = [];

afterAll(() => {
  for (const dir of projects) rmSync(dir, { recursive: true, force: true });
});

/** The shop with more files. */
function shopWith(files: Readonly<Record<string, string>>): Promise<Workshop> {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-verify-'));
  projects.push(dir);
  cpSync(SHOP, dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), content);
  }
  return Workshop.of(dir);
}

function order(id: number, customer = 'ann', price = '2.00'): Happening {
  const day = (id % 3) + 1;
  const value = { order_id: id, customer_id: customer, ordered_at: `2026-03-0${day}T00:00:00Z`, status: 'paid' };
  return { topic: 'orders', key: id, value: { ...value, quantity: 1, price, note: null } };
}

function customer(id: string, country = 'de'): Happening {
  return { topic: 'customers', key: id, value: { customer_id: id, name: id, country, joined_on: '2026-01-02' } };
}

/** A shop with orders applied and compacted, then some more that only the models kept by batches have. */
async function filled(workshop: Workshop, dataDir: string): Promise<void> {
  await using materializer = await workshop.open({ dataDir });
  const ids = Array.from({ length: 20 }, (_, i) => i + 1);
  await workshop.publish([
    customer('ann'),
    customer('bob', 'fr'),
    ...ids.map((id) => order(id, id % 2 ? 'ann' : 'bob')),
  ]);
  await materializer.run({});
  await workshop.publish([order(3, 'bob', '9.00'), order(21), customer('ann', 'nl')]);
  await materializer.catchUp();
}

async function tamper(dataDir: string, sql: string): Promise<void> {
  await using warehouse = await Warehouse.open(path.join(dataDir, 'warehouse.duckdb'));
  using connection = await warehouse.connect();
  await connection.run(sql);
}

/** The table that keeps the aggregates of `customer_totals`. */
async function stateTable(dataDir: string): Promise<string> {
  await using warehouse = await Warehouse.open(path.join(dataDir, 'warehouse.duckdb'));
  using connection = await warehouse.connect();
  const [row] = await connection.rows<{ name: string }>(
    `select table_name as name from information_schema.tables
     where starts_with(table_name, 'state_customer_totals') and table_name not like '%values%'`,
  );
  return row?.name ?? '';
}

async function verify(
  workshop: Workshop,
  dataDir: string,
  options: Partial<VerifyOptions>,
  log: EventLog = workshop.log,
): Promise<Verification> {
  await using materializer = await workshop.open({ dataDir, log });
  return await materializer.verify({ ...options });
}

function table(found: Verification, name: string): TableVerification | undefined {
  return found.tables.find((one) => one.name === name || one.name.startsWith(`${name} (`));
}

function statuses(found: Verification): Record<string, string> {
  return Object.fromEntries(found.tables.map(({ name, status }) => [name.replace(/_[0-9a-f]{8}/, ''), status]));
}

function scratchFiles(dataDir: string): string[] {
  return readdirSync(dataDir).filter((name) => name.includes('verify'));
}

const ALL_EQUAL = {
  raw_customers: 'equal',
  raw_orders: 'equal',
  dim_customers: 'equal',
  fct_orders: 'equal',
  daily_sales: 'equal',
  customer_totals: 'equal',
  'customer_totals (state_customer_totals)': 'equal',
};

/**
 * Verifies, and has something be done before a statement of the connection that it has: 0 is before its transaction begins. Gives how many
 * statements there were, too.
 */
async function verifyWhile(
  materializer: Materializer,
  options: VerifyOptions,
  before: number,
  work: () => Promise<void>,
): Promise<{ found: Verification; statements: number }> {
  const { prototype } = Connection;
  // oxlint-disable-next-line typescript/unbound-method -- called on what they were called on
  const { transaction, rows, run } = prototype;
  /** The first that has a transaction. */
  const verifying: Connection[] = [];
  let statements = 0;
  const counted = async (connection: Connection): Promise<void> => {
    if (connection === verifying[0] && statements++ === before) await work();
  };
  prototype.transaction = async function <T>(this: Connection, body: () => Promise<T>): Promise<T> {
    verifying.push(this);
    if (statements === 0) await counted(this);
    return transaction.call(this, body) as Promise<T>;
  };
  prototype.rows = async function <T>(this: Connection, ...args: Parameters<Connection['rows']>): Promise<T[]> {
    await counted(this);
    return rows.apply(this, args) as Promise<T[]>;
  };
  prototype.run = async function (this: Connection, ...args: Parameters<Connection['run']>) {
    await counted(this);
    return run.apply(this, args);
  };
  try {
    return { found: await materializer.verify(options), statements };
  } finally {
    Object.assign(prototype, { transaction, rows, run });
  }
}

describe('whatever is committed before whichever of its statements', () => {
  it.each<['raw' | 'log', number[]]>([
    ['raw', [0, 2, 3, 4, 5, 6, 7, 9, 13, 20]],
    ['log', [0, 3, 7, 12]],
  ])('from %s, one checkpoint is what is compared, and told', async (from, moments) => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([customer('ann'), customer('bob', 'fr'), order(1)]);
    await materializer.run({});
    let id = 1;
    for (const at of moments) {
      const before = id;
      const { found, statements } = await verifyWhile(materializer, { from }, at, async () => {
        await workshop.publish([order(++id), order(1, 'bob', `${id}.00`), customer('ann', `x${id}`)]);
        await materializer.catchUp();
      });
      expect([statements > at, id - before]).toEqual([true, 1]);
      expect([at, found.status, found.tables.filter(({ status }) => status === 'different')]).toEqual([
        at,
        'equal',
        [],
      ]);
      const orders = found.checkpoint.filter(({ topic }) => topic === 'orders');
      const applied = orders.reduce((sum, { nextOffset }) => sum + nextOffset, 0);
      // An order and a change of the first come with each batch.
      expect([at, table(found, 'fct_orders')?.rows]).toEqual([at, (applied + 1) / 2]);
      // 1 is its BEGIN; what it sees is what there is when it first looks.
      if (at > 2) expect([at, applied]).toEqual([at, 2 * before - 1]);
      await materializer.compact({ full: false });
    }
  });

  it('has its snapshot when it says that it has', async () => {
    await using workshop = await Workshop.of(SHOP);
    const { project, catalog, log } = workshop;
    const dataDir = workshop.dir;
    const kept = { project, catalog, warehouse: { threads: 1 } };
    await using edition = await Edition.open(path.join(dataDir, 'lab.duckdb'), kept);
    using connection = await edition.warehouse.connect();
    const { plans, tables, seeds } = edition;
    const at = (nextOffset: number): Promise<void> =>
      edition.write((writing) =>
        writing.run(
          `delete from lens.checkpoint; insert into lens.checkpoint (topic, partition, next_offset, first_offset, topic_id) values ('orders', 0, ${nextOffset}, 0, 'x')`,
        ),
      );
    await at(1);
    let isBegun = false;
    const rows = connection.rows.bind(connection);
    connection.rows = async <T>(sql: string): Promise<T[]> => {
      if (isBegun) await at(2);
      isBegun = false;
      return rows<T>(sql);
    };
    const batch = { maxRecords: 10, maxMilliseconds: 20 };
    const work = { ...kept, log, dataDir, batch, bulk: { lagRecords: 1 }, plans, tables, seeds };
    const found = await verifyWarehouse(connection, work, { models: ['dim_customers'] }, null, () => {
      isBegun = true;
    });
    expect(found.checkpoint).toEqual([{ topic: 'orders', partition: 0, nextOffset: 1 }]);
    expect((await edition.checkpoint()).map(({ nextOffset }) => nextOffset)).toEqual([2]);
  });
});

describe('against the stored raw tables', () => {
  it('a model behind its checkpoint is not compared, and it is said what to do', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    const found = await verify(workshop, dataDir, {});
    expect(found).toMatchObject({ from: 'raw', status: 'equal', seed: null, replays: [] });
    expect(table(found, 'daily_sales')).toMatchObject({
      status: 'not compared',
      recordsBehind: 3,
      reason: 'kept by compaction, 3 records behind; lens compact brings it up, --from log compares it where it stands',
    });
    expect(table(found, 'fct_orders')?.status).toBe('equal');
  });

  it('before the first compaction, too', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([order(1)]);
    await materializer.catchUp();
    expect((await materializer.status()).models.find(({ name }) => name === 'daily_sales')).toMatchObject({
      state: 'behind',
      recordsBehind: 1,
    });
    expect(table(await materializer.verify({}), 'daily_sales')?.status).toBe('not compared');
    expect(statuses(await materializer.verify({ from: 'log' }))).toEqual(ALL_EQUAL);
  });

  it('what the selected models are made from is compared, too, and named in what reads it', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    expect(statuses(await verify(workshop, dataDir, { models: ['fct_orders'] }))).toEqual({
      dim_customers: 'equal',
      fct_orders: 'equal',
    });
    // Both are wrong in the same way: the fact equals its SELECT over the dimension.
    await tamper(dataDir, `update dim_customers set country = 'XX'; update fct_orders set country = 'XX'`);
    const found = await verify(workshop, dataDir, { models: ['fct_orders'] });
    expect(found.status).toBe('different');
    expect(found.tables).toMatchObject([
      { name: 'dim_customers', selected: false, status: 'different', stored: 2, expected: 2 },
      { name: 'fct_orders', selected: true, status: 'equal' },
    ]);
    expect(found.tables[1]?.reason).toBe('over dim_customers as it is stored, which is different');
  });
});

describe('against a replay of the log', () => {
  it('is equal while records wait in the log and a model stands at an older checkpoint', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    await workshop.publish([order(1, 'bob', '7.00'), order(99)]);
    const found = await verify(workshop, dataDir, { from: 'log' });
    expect(statuses(found)).toEqual(ALL_EQUAL);
    expect(table(found, 'daily_sales')?.recordsBehind).toBe(3);
    expect(found.checkpoint.reduce((sum, { nextOffset }) => sum + nextOffset, 0)).toBe(25);
    expect(scratchFiles(dataDir)).toEqual([]);
  });

  it.each<[string, string, string, object]>([
    ['a raw table', `update raw_orders set price = 8 where order_id = 4`, 'raw_orders', { order_id: 4 }],
    ['a model', `delete from fct_orders where order_id = 5`, 'fct_orders', { order_id: 5 }],
    ['a state', `update lens.STATE set v0 = v0 + 1 where k0 = 'bob'`, 'customer_totals (STATE)', { k0: 'bob' }],
    [
      'a compacted model behind',
      `update daily_sales set orders = orders + 1 where country = 'FR' and order_date = '2026-03-01'`,
      'daily_sales',
      { order_date: '2026-03-01', country: 'FR' },
    ],
  ])('finds a wrong row of %s with its key, and only there', async (_, sql, name, key) => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    const state = await stateTable(dataDir);
    await tamper(dataDir, sql.replace('STATE', state));
    const found = await verify(workshop, dataDir, { from: 'log' });
    expect(found.status).toBe('different');
    const different = found.tables.filter(({ status }) => status !== 'equal');
    expect(different.map((one) => one.name)).toEqual([name.replace('STATE', state)]);
    const keys = different[0]?.examples.map((example) => JSON.parse(example.key) as object);
    expect(keys).toContainEqual(expect.objectContaining(key));
    expect(scratchFiles(dataDir)).toEqual([]);
  });

  it('keeps its snapshot while batches and compactions go on', async () => {
    await using workshop = await Workshop.of(SHOP);
    let busy: (() => Promise<void>) | null = null;
    const log = overLog(workshop.log, {
      read: async (from, options) => {
        const work = busy;
        busy = null;
        await work?.();
        return workshop.log.read(from, options);
      },
    });
    await using materializer = await workshop.open({ log });
    await workshop.publish([customer('ann'), order(1), order(2)]);
    await materializer.run({});
    busy = async () => {
      await workshop.publish([order(1, 'bob', '5.00'), order(3), customer('ann', 'nl')]);
      await materializer.catchUp();
      await materializer.compact({ full: true });
    };
    const found = await materializer.verify({ from: 'log' });
    expect(statuses(found)).toEqual(ALL_EQUAL);
    expect(table(found, 'raw_orders')?.rows).toBe(2);
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[3]]);
    expect(statuses(await materializer.verify({ from: 'log' }))).toEqual(ALL_EQUAL);
  });

  it('compares models that are catching up in bulk where they stand', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    // As a service leaves it that was stopped between two bulk batches.
    const stop = new AbortController();
    await using materializer = await workshop.open({
      dataDir,
      batch: { maxRecords: 2, maxMilliseconds: 20 },
      bulk: { lagRecords: 1 },
      onEvent: ({ kind }) => void (kind === 'batch' && stop.abort()),
    });
    await workshop.publish(Array.from({ length: 80 }, (_, i) => order(i + 30)));
    await materializer.catchUp(stop.signal);
    expect((await materializer.status()).state).toBe('catching-up');
    expect(table(await materializer.verify({}), 'fct_orders')?.reason).toMatch(/^catching up in bulk, \d+ re/);
    expect(statuses(await materializer.verify({ from: 'log' }))).toEqual(ALL_EQUAL);
  });

  it('refuses a log that no longer holds the history, or not yet the checkpoint', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    await tamper(dataDir, 'update lens.checkpoint set next_offset = next_offset + 100 where partition = 0');
    await using reader = await reading(workshop, dataDir);
    await expect(reader.verify({ from: 'log' })).rejects.toMatchObject({
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringMatching(/^the log ends at \d+, before the checkpoint \(1\d\d\)$/) as string,
    });
    const [lost] = (await workshop.log.offsets(['orders'])).filter(({ end }) => end > 1);
    await workshop.embedded.deleteRecordsBefore('orders', lost?.partition ?? 0, 1);
    await expect(reader.verify({ from: 'log' })).rejects.toMatchObject({
      code: 'LOG_HISTORY_GONE',
      hint: expect.stringContaining('lens verify without --from log') as string,
    });
    expect(scratchFiles(dataDir)).toEqual([]);
  });

  it('does not blame the warehouse for what a compacted log no longer says', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open({ log: compactedLog(workshop.log, 'customers') });
    await workshop.publish([customer('ann'), order(1)]);
    await materializer.run({});
    expect((await materializer.verify({ from: 'log' })).status).toBe('equal');
    // Compaction took the record that the checkpoint has seen, for one that it has not seen.
    await workshop.publish([customer('ann', 'nl')]);
    const found = await materializer.verify({ from: 'log' });
    expect(found.status).toBe('equal');
    expect(table(found, 'raw_orders')?.status).toBe('equal');
    for (const name of ['raw_customers', 'fct_orders']) {
      expect(table(found, name)).toMatchObject({
        status: 'not compared',
        reason: expect.stringMatching(/^topic customers was compacted/) as string,
      });
    }
    await materializer.run({});
    expect(statuses(await materializer.verify({ from: 'log' }))).toEqual(ALL_EQUAL);
  });

  it('leaves nothing behind when it is ended, or when a crash ended it', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    await using materializer = await workshop.open({ dataDir });
    writeFileSync(path.join(dataDir, 'warehouse.verify-7.duckdb'), 'left over');
    mkdirSync(path.join(dataDir, 'warehouse.verify-7.duckdb.tmp'));
    const stop = new AbortController();
    const ended = materializer.verify({
      from: 'log',
      signal: stop.signal,
      onProgress: () => {
        expect(scratchFiles(dataDir)).toContain('warehouse.verify-1.duckdb');
        stop.abort();
      },
    });
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    expect(stop.signal.aborted).toBe(true);
    expect(scratchFiles(dataDir)).toEqual([]);
    expect((await materializer.verify({ from: 'log' })).status).toBe('equal');
  });

  it('passes over what the SQL leaves open where rows tie, and nothing else', async () => {
    await using workshop = await shopWith({
      'models/marts/numbered.sql': `select order_id, customer_id, row_number() over (partition by customer_id order by ordered_at) as n
        from {{ ref('stg_orders') }}`,
      'models/marts/any_two.sql': `select customer_id from {{ ref('stg_orders') }} order by ordered_at limit 2`,
    });
    const dataDir = path.join(workshop.dir, 'data');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1), order(4), order(7), order(2, 'bob')]);
      await materializer.run({});
    }
    await tamper(
      dataDir,
      `update numbered set n = 4 - n where customer_id = 'ann'; update any_two set customer_id = 'bob'`,
    );
    const tied = await verify(workshop, dataDir, {});
    expect(tied.status).toBe('equal');
    expect(table(tied, 'numbered')).toMatchObject({
      status: 'equal',
      reason: 'n not compared in 2 rows, since the SQL does not decide: row_number() where its ORDER BY ties',
    });
    expect(table(tied, 'any_two')).toMatchObject({
      status: 'not compared',
      reason: 'its SQL does not decide which rows it has: limit where its ORDER BY ties',
    });
    await tamper(dataDir, `update numbered set customer_id = 'eve' where order_id = 2`);
    const wrong = await verify(workshop, dataDir, {});
    expect(table(wrong, 'numbered')).toMatchObject({ status: 'different', stored: 3, expected: 3 });
  });

  it('names models that are not a function of the records, and what reads them', async () => {
    await using workshop = await shopWith({
      'models/marts/seen.sql': `{{ config(nondeterministic='allow') }} select customer_id, now() as seen_at from {{ ref('stg_customers') }}`,
      'models/marts/over_seen.sql': `select count(*) as n, max(seen_at) as at from {{ ref('seen') }}`,
    });
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    const found = await verify(workshop, dataDir, { chaos: { replays: 1, seed: 1 } });
    expect(found.status).toBe('equal');
    expect(table(found, 'seen')).toMatchObject({ status: 'not compared', reason: expect.stringContaining('now()') });
    expect(table(found, 'over_seen')?.reason).toBe('reads seen, which is not the same each time');
  });
});

describe('by replays in other ways', { timeout: 300_000 }, () => {
  it.each([
    ['the shop', SHOP],
    ['the shipped project', SHIPPED],
  ])(
    '%s has the same tables, whatever the seed',
    async (_, projectDir) => {
      await using workshop = await Workshop.of(projectDir);
      await using materializer = await workshop.open();
      await fc.assert(
        fc.asyncProperty(
          fc.array(histories(workshop.catalog, 200), { minLength: 3, maxLength: 3 }).map((parts) => parts.flat()),
          fc.integer({ min: 0, max: 1_000_000 }),
          async (history, seed) => {
            // The topics grow from run to run.
            await workshop.publish(history);
            await materializer.catchUp();
            const found = await materializer.verify({ chaos: { replays: 2, seed } });
            expect(found).toMatchObject({ from: 'log', status: 'equal', seed });
            expect(found.replays.map(({ status }) => status)).toEqual(['equal', 'equal']);
          },
        ),
        { numRuns: Number(process.env['LENS_CHAOS_RUNS'] ?? 1), endOnFailure: true },
      );
    },
    300_000,
  );

  it('appended records land once, though they are delivered again', async () => {
    await using workshop = await shopWith({
      'topics/clicks/topic.yml': 'table: raw_clicks\nmode: append\npartitions: 2\n',
      'topics/clicks/1.avsc': JSON.stringify({ type: 'record', name: 'Click', fields: [{ name: 'n', type: 'long' }] }),
      'topics/manifest.json': JSON.stringify({
        1: { topic: 'customers', version: 1 },
        2: { topic: 'orders', version: 1 },
        3: { topic: 'clicks', version: 1 },
      }),
      'models/staging/clicks.yml':
        'sources:\n  - name: site\n    schema: main\n    tables:\n      - name: raw_clicks\n',
      'models/marts/click_count.sql': `select count(*) as clicks from {{ source('site', 'raw_clicks') }}`,
    });
    await using materializer = await workshop.open();
    const clicks = Array.from({ length: 60 }, (_, n): Happening => ({ topic: 'clicks', key: null, value: { n } }));
    await workshop.publish([order(1), ...clicks]);
    await materializer.run({});
    const found = await materializer.verify({ chaos: { replays: 2, seed: 5 } });
    expect(found.replays.reduce((sum, { deliveredAgain }) => sum + deliveredAgain, 0)).toBeGreaterThan(0);
    expect(found.status).toBe('equal');
    expect(table(found, 'raw_clicks')?.rows).toBe(60);
  });

  it('finds a model whose rows depend on the order of the records, and says how the replay went', async () => {
    await using workshop = await shopWith({
      'models/marts/first_orders.sql': `select status, first(order_id) as order_id, list(order_id) as order_ids
        from {{ ref('stg_orders') }} group by status`,
    });
    await using materializer = await workshop.open();
    await workshop.publish(Array.from({ length: 60 }, (_, i) => order(i)));
    await materializer.run({});
    const found = await materializer.verify({ chaos: { replays: 2, seed: 3 } });
    expect(found.status).toBe('different');
    const different = found.replays.filter(({ status }) => status === 'different');
    expect(different.length).toBeGreaterThan(0);
    for (const { tables, plan } of different) {
      expect(tables.map(({ name }) => name)).toEqual(['first_orders']);
      expect(tables[0]?.examples[0]?.key).toBe('{"status":"paid"}');
      expect(tables[0]?.reason).toMatch(/^the SQL does not decide order_id, order_ids: /);
      expect(plan).toContainEqual(expect.stringMatching(/^orders\/\d \d+ to \d+/));
      expect(plan).toContainEqual(expect.stringMatching(/^batch 1: \d+ records? (folded|in bulk)/));
    }
  });

  it('a model whose SQL fails on the records is named, and the others are compared', async () => {
    await using workshop = await shopWith({
      'models/marts/numbers.sql': `select order_id, cast(status as integer) as n from {{ ref('stg_orders') }}`,
    });
    await using materializer = await workshop.open();
    await workshop.publish([order(1), order(2)]);
    await materializer.run({});
    const found = await materializer.verify({ chaos: { replays: 1, seed: 2 } });
    expect(found).toMatchObject({ status: 'equal', replays: [{ status: 'equal' }] });
    expect(table(found, 'numbers')).toMatchObject({
      status: 'not compared',
      reason: expect.stringMatching(/^failed: .*'paid'/s) as string,
    });
    expect(table(found, 'fct_orders')).toMatchObject({ status: 'equal', rows: 2 });
  });

  it('a wrong stored row is found beside equal replays', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'data');
    await filled(workshop, dataDir);
    await tamper(dataDir, 'delete from raw_customers');
    const found = await verify(workshop, dataDir, { chaos: { replays: 1, seed: 1 } });
    expect([found.status, found.replays[0]?.status]).toEqual(['different', 'equal']);
    expect(table(found, 'raw_customers')).toMatchObject({ status: 'different', stored: 0, expected: 2 });
  });
});

/** The materializer would go on from a checkpoint that was tampered with: this one answers only. */
function reading(workshop: Workshop, dataDir: string): Promise<Materializer> {
  return workshop.open({ dataDir });
}

function overLog(log: EventLog, over: Partial<EventLog>): EventLog {
  const through = (name: string): unknown => {
    const member = (log as unknown as Record<string | symbol, unknown>)[name];
    return typeof member === 'function' ? (member as () => unknown).bind(log) : member;
  };
  return new Proxy(over as EventLog, {
    get: (target, name) => (name in target ? target[name as keyof EventLog] : through(name as string)),
  });
}

/** Leaves out the records of a topic that have a later one of the same key, as a compacted log does. */
function compactedLog(log: EventLog, topic: string): EventLog {
  const latest = async (): Promise<Map<string, number>> => {
    const ends = await log.offsets([topic]);
    const found = new Map<string, number>();
    await using reader = await log.read(ends.map(({ partition, low }) => ({ topic, partition, offset: low })));
    const total = ends.reduce((sum, { low, end }) => sum + end - low, 0);
    for (let seen = 0; seen < total;) {
      const block = await reader.next(100);
      if (block === null) continue;
      for (let i = 0; i < block.count; i++) found.set(String(block.key(i)), block.offset(i));
      seen += block.count;
    }
    return found;
  };
  return overLog(log, {
    read: async (from, options) => {
      const keep = await latest();
      const reader = await log.read(from, options);
      return {
        next: async (waitMs) => {
          const block = await reader.next(waitMs);
          if (block === null || block.topic !== topic) return block;
          // Whole blocks, since each record was published by itself: the last ones of a block stand for all.
          let first = 0;
          while (first < block.count && keep.get(String(block.key(first))) !== block.offset(first)) first++;
          return blockRange(block, Math.max(first, firstAt(block, 0)), block.count, block);
        },
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      };
    },
  });
}
