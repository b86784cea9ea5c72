import { describe, expect, it, test } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { WhyQuestion } from '../../src/materializer/lineage/why-contract.ts';
import { LAB, ofOrder, outline, record } from './why-lab.ts';
import { Workshop } from './workshop.ts';

async function asked(
  materializer: Materializer,
  table: string,
  key: WhyQuestion['key'],
  limit = 20,
): Promise<string[]> {
  return outline((await materializer.why({ table, key, limit })).table);
}

async function failure(materializer: Materializer, table: string, key: WhyQuestion['key']): Promise<string> {
  try {
    await materializer.why({ table, key, limit: 20 });
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return `${error.code}: ${error.message} (${error.hint})`;
  }
  throw new Error('nothing was thrown');
}

describe('the records behind a row', () => {
  it('of a model over models over raw tables: the last version of each key, of what is still there', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([
      ofOrder(1, 'ann', 5),
      ofOrder(2, 'ann', 6),
      ofOrder(3, 'bob', 7),
      ofOrder(1, 'ann', 8),
      record('orders', 2, null),
      record('refunds', 9, { refund_id: 9, customer: 'ann', price: 3 }),
    ]);
    await materializer.run({});
    // The customer is late; the order after it is not applied any more.
    await workshop.publish([record('customers', 'ann', { customer: 'ann', country: 'de' })]);
    await materializer.run({});
    await workshop.publish([ofOrder(4, 'ann', 1)]);
    expect(await asked(materializer, 'totals', ['ann'])).toEqual([
      'totals 1',
      '  ann',
      '  fct_money 2',
      '    o1',
      '    r9',
      '    raw_orders 1',
      '      1 orders/1@2',
      '    raw_refunds 1',
      '      9 refunds/0@0',
      // Its number of orders is not read: no order is named for it.
      '  dim_customers 1',
      '    ann',
      '    raw_customers 1',
      '      ann customers/0@0',
    ]);
    const { table } = await materializer.why({ table: 'totals', key: ['ann'], limit: 20 });
    expect(table.rows).toEqual([{ key: { customer: 'ann' }, row: { customer: 'ann', country: 'DE', total: 5 } }]);
    expect(table.inputs[0]?.by).toEqual(['customer']);
    const [first] = table.inputs[0]?.inputs[0]?.rows ?? [];
    expect(first?.records).toEqual([
      { topic: 'orders', partition: 1, offset: 2, timestamp: '1970-01-01T00:00:01.000Z', key: '1' },
    ]);
  });

  it('names rows that have no dimension yet as such', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([ofOrder(1, 'ann', 5)]);
    await materializer.run({});
    expect((await asked(materializer, 'totals', { country: null })).slice(-1)).toEqual(['  dim_customers 0']);
  });

  it('of a row put together by kinds, through a view', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    const nick = (name: string) =>
      record('profiles', ['ann', 'nick'], { customer: 'ann', kind: 'nick', nick: name, age: null });
    const age = { customer: 'ann', kind: 'age', nick: null, age: 7 };
    await workshop.publish([
      record('customers', 'ann', { customer: 'ann', country: 'de' }),
      nick('a'),
      record('profiles', ['ann', 'age'], age),
      nick('b'),
    ]);
    await materializer.run({});
    const people = (...places: string[]) => [
      'people 1',
      '  ann',
      '  raw_customers 1',
      '    ann customers/0@0',
      '  raw_profiles 1',
      `    ${['ann', ...places].join(' ')}`,
    ];
    expect(await asked(materializer, 'people', ['ann'])).toEqual(people('profiles/0@2', 'profiles/0@1'));
    await workshop.publish([record('profiles', ['ann', 'age'], null)]);
    await materializer.run({});
    expect(await asked(materializer, 'people', ['ann'])).toEqual(people('profiles/0@2'));
  });

  it('leaves out dead letters, and finds a key that moved to another partition by its values', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    const json = workshop.catalog.json('orders');
    const produce = async (partition: number, timestamp: number, price: number): Promise<void> => {
      await using writer = await workshop.log.write();
      const { key, value } = await json.encode(1, { order_id: 1, customer: 'ann', price });
      writer.add('orders', key, value, { partition, timestamp });
      await writer.flush();
      await materializer.catchUp();
    };
    await produce(1, 5000, 3);
    await produce(1, 6000, 4);
    await produce(1, 7000, -1);
    expect(await materializer.query('select count(*) from lens.dead_letters')).toEqual({ rows: [[1]] });
    expect(await asked(materializer, 'raw_orders', [1])).toEqual(['raw_orders 1', '  1 orders/1@1']);
    // Applied last, though an older time stands on it.
    await produce(0, 1000, 8);
    expect(await asked(materializer, 'raw_orders', [1])).toEqual(['raw_orders 1', '  1 orders/0@0']);
    await produce(1, 2000, 9);
    expect(await asked(materializer, 'shop.orders', { price: 9 })).toEqual(['raw_orders 1', '  1 orders/1@3']);
  });

  it('says which the log no longer holds', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([
      record('refunds', 1, { refund_id: 1, customer: 'ann', price: 1 }),
      record('refunds', 2, { refund_id: 2, customer: 'ann', price: 2 }),
    ]);
    await workshop.publish([
      record('refunds', 3, { refund_id: 3, customer: 'ann', price: 3 }),
      record('clicks', null, { customer: 'ann', page: 'a' }),
    ]);
    await workshop.publish([record('clicks', null, { customer: 'ann', page: 'a' })]);
    await materializer.run({});
    await workshop.embedded.deleteRecordsBefore('refunds', 0, 2);
    await workshop.embedded.deleteRecordsBefore('clicks', 0, 1);
    expect((await asked(materializer, 'totals', ['ann'])).slice(-4)).toEqual([
      '      1 gone 1',
      '      2 gone 2',
      '      3 refunds/0@2',
      '  dim_customers 0',
    ]);
    expect((await asked(materializer, 'visits', ['ann'])).slice(-1)).toEqual(['    ann,a clicks/0@1 gone']);
  });

  it('of a table that only grows: equal rows stand for each other', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    const click = (customer: string, page: string) => record('clicks', null, { customer, page });
    await workshop.publish([
      click('ann', 'a'),
      { topic: 'clicks', garbage: 'AAEC' },
      click('bob', 'a'),
      click('ann', 'b'),
      click('ann', 'a'),
    ]);
    await materializer.run({});
    expect(await asked(materializer, 'visits', ['ann'])).toEqual([
      'visits 1',
      '  ann',
      '  raw_clicks 3',
      '    ann,a clicks/0@0 clicks/0@4',
      '    ann,b clicks/0@3',
    ]);
    expect(
      (await materializer.why({ table: 'visits', key: ['ann'], limit: 20 })).table.inputs[0]?.rows[0]?.copies,
    ).toBe(2);
  });

  it('says what is read whole, and why', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([ofOrder(1, 'ann', 5), ofOrder(2, 'bob', 6)]);
    await materializer.run({});
    const { table } = await materializer.why({ table: 'ranked', key: { order_id: 2 }, limit: 20 });
    expect(table.rows).toEqual([{ key: { order_id: 2, place: 2 }, row: { order_id: 2, place: 2 } }]);
    expect(table.inputs).toMatchObject([
      { name: 'raw_orders', total: 2, whole: 'a window over all rows (no PARTITION BY)', rows: [] },
    ]);
  });

  it('names as many rows of each table as wanted, and says how many more there are', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([1, 2, 3, 4].map((id) => ofOrder(id, 'ann', id)));
    await materializer.run({});
    expect((await asked(materializer, 'totals', ['ann'], 2)).slice(2, 10)).toEqual([
      '  fct_money 4',
      '    o1',
      '    o2',
      '    and 2 more',
      '    raw_orders 4',
      expect.stringMatching(/^ {6}1 orders/) as string,
      expect.stringMatching(/^ {6}2 orders/) as string,
      '      and 2 more',
    ]);
    expect((await asked(materializer, 'totals', ['ann'], 0)).filter((line) => line.includes('orders/'))).toHaveLength(
      4,
    );
  });

  it('of a model behind the checkpoint says so', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([ofOrder(1, 'ann', 5)]);
    await materializer.run({});
    await workshop.publish([ofOrder(1, 'ann', 6)]);
    await materializer.catchUp();
    const { table } = await materializer.why({ table: 'ranked', key: { order_id: 1 }, limit: 20 });
    expect(table).toMatchObject({ recordsBehind: 1, problem: null });
  });
});

test('a key that is none, and a row that is not there', async () => {
  await using workshop = await Workshop.of(LAB);
  await using materializer = await workshop.open();
  await workshop.publish([ofOrder(12, 'ann', 5)]);
  await materializer.run({});
  const cases: [string, WhyQuestion['key'], RegExp][] = [
    [
      'totals',
      ['bob'],
      /^ROW_NOT_FOUND: totals has no row \["bob"\] \(its key is customer; for example lens why totals '\{"customer":"ann"\}'\)$/,
    ],
    ['totals', ['a', 'b'], /^USAGE: the key of totals is one value \(customer\), not 2 /],
    ['totals', { custmer: 'ann' }, /^USAGE: totals has no column "custmer" \(did you mean customer\?\)$/],
    ['totals', {}, /^USAGE: the key of totals is one value/],
    ['raw_orders', ['x'], /^USAGE: order_id is BIGINT: "x" is no value of it /],
    ['raw_orders', [12.5], /^USAGE: order_id is BIGINT: 12.5 is no value of it /],
    ['raw_clicks', ['a'], /^USAGE: raw_clicks has no key: its columns have to be named /],
    ['ranked', [1], /^USAGE: ranked has no key/],
    ['total', ['ann'], /^USAGE: total selects nothing \(did you mean totals\?\)$/],
  ];
  for (const [table, key, error] of cases) expect(await failure(materializer, table, key)).toMatch(error);
});
