import { expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { Happening } from './random-history.ts';
import { projectFolder } from '../project/project-folder.ts';
import { SHOP, Workshop } from './workshop.ts';

const order = (key: number, note: string | null): Happening => ({
  topic: 'orders',
  key,
  value:
    note === null
      ? null
      : {
          order_id: key,
          customer_id: 'c',
          ordered_at: '2026-03-01T00:00:00Z',
          status: 'paid',
          quantity: 1,
          price: '1.00',
          note,
        },
});

async function stored(materializer: Materializer): Promise<unknown[]> {
  const { rows } = await materializer.query('select order_id, note from raw_orders order by all');
  return rows.map((row) => row.join(' '));
}

it('finds the rows of more keys than an index is asked for', async () => {
  await using workshop = await Workshop.of(SHOP);
  await using materializer = await workshop.open({ batch: { maxRecords: 10_000, maxMilliseconds: 1000 } });
  const keys = Array.from({ length: 3000 }, (_, key) => key);
  for (const note of ['a', 'b']) {
    await workshop.publish(keys.map((key) => order(key, note)));
    await materializer.catchUp();
  }
  await workshop.publish([...keys.slice(0, 2500).map((key) => order(key, null)), order(2999, 'c')]);
  await materializer.catchUp();
  const rows = await stored(materializer);
  expect([rows.length, rows[0], rows.at(-1)]).toEqual([500, '2500 b', '2999 c']);
  expect((await materializer.verify({})).status).toBe('equal');
});

it('finds the rows of keys that came by a batch, in bulk, before a restart, or after a row that is gone again', async () => {
  await using workshop = await Workshop.of(SHOP);
  const options = { bulk: { lagRecords: 3 }, dataDir: `${workshop.dir}/data` };
  const mode = (): unknown => workshop.events.findLast((event) => event.kind === 'batch')?.mode;
  {
    await using materializer = await workshop.open(options);
    const after = async (...records: readonly Happening[]): Promise<unknown[]> => {
      await workshop.publish(records);
      await materializer.catchUp();
      return stored(materializer);
    };
    expect(await after(order(-7, 'a'))).toEqual(['-7 a']);
    expect(await after(order(-7, 'b'), order(2, 'a'))).toEqual(['-7 b', '2 a']);
    expect(mode()).toBe('fold');
    expect(await after(...[5, 6, 7, 8, 9].map((key) => order(key, 'a')))).toHaveLength(7);
    expect(mode()).toBe('bulk');
    expect(await after(order(9, 'b'))).toEqual(['-7 b', '2 a', '5 a', '6 a', '7 a', '8 a', '9 b']);
    expect(mode()).toBe('fold');
    expect(await after(order(9, null), order(5, null))).toEqual(['-7 b', '2 a', '6 a', '7 a', '8 a']);
    expect(await after(order(9, 'c'))).toContain('9 c');
  }
  await using again = await workshop.open(options);
  await workshop.publish([order(9, 'd'), order(8, null)]);
  await again.catchUp();
  expect(await stored(again)).toEqual(['-7 b', '2 a', '6 a', '7 a', '9 d']);
});

it('finds the rows of keys that are not in the first column, and deletes them', async () => {
  const fields = ['note', 'order_id'].map((name, at) => ({ name, type: at === 0 ? 'string' : 'long' }));
  const dir = projectFolder({
    'dbt_project.yml': 'name: lab\n',
    'topics/manifest.json': JSON.stringify({ 1: { topic: 'orders', version: 1 } }),
    'topics/orders/topic.yml': 'table: raw_orders\nkey: order_id\npartitions: 1\n',
    'topics/orders/1.avsc': JSON.stringify({ type: 'record', name: 'O', fields }),
    'models/m.yml': 'sources: [{name: s, schema: main, tables: [{name: raw_orders}]}]',
    'models/m.sql': "select * from {{ source('s', 'raw_orders') }}",
  });
  await using workshop = await Workshop.of(dir);
  await using materializer = await workshop.open();
  const after = async (...records: readonly (readonly [number, string | null])[]): Promise<unknown[]> => {
    await workshop.publish(
      records.map(([key, note]) => ({ topic: 'orders', key, value: note === null ? null : { order_id: key, note } })),
    );
    await materializer.catchUp();
    return stored(materializer);
  };
  expect(await after([1, 'a'], [2, 'a'], [3, 'a'])).toEqual(['1 a', '2 a', '3 a']);
  expect(await after([4, 'a'], [2, null])).toEqual(['1 a', '3 a', '4 a']);
  expect(await after([4, null], [3, 'b'], [9, null])).toEqual(['1 a', '3 b']);
});

it('goes on from the largest key of all batches, in whatever order they have them', async () => {
  await using workshop = await Workshop.of(SHOP);
  await using materializer = await workshop.open();
  const after = async (...records: readonly Happening[]): Promise<unknown[]> => {
    await workshop.publish(records);
    await materializer.catchUp();
    return stored(materializer);
  };
  const keys = Array.from({ length: 9 }, (_, i) => 19 - i);
  const all = (note: string): string[] => keys.toReversed().map((key) => `${key} ${note}`);
  expect(await after(...keys.map((key) => order(key, 'a')))).toEqual(all('a'));
  expect(await after(...keys.map((key) => order(key, 'b')))).toEqual(all('b'));
  // a batch of smaller keys alone
  expect(await after(order(1, 'a'))).toEqual(['1 a', ...all('b')]);
  expect(await after(...keys.map((key) => order(key, 'c')))).toEqual(['1 a', ...all('c')]);
  expect(await after(...keys.map((key) => order(key, null)))).toEqual(['1 a']);
});
