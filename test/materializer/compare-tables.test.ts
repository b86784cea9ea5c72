import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Compared, compareTables } from '../../src/materializer/compare-tables.ts';
import type { Connection } from '../../src/warehouse/connection.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

let dir: string;
let open: AsyncDisposableStack;
let stored: Connection;
let expected: Connection;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'lens-compare-'));
  open = new AsyncDisposableStack();
  const connect = async (name: string): Promise<Connection> =>
    open.use(await open.use(await Warehouse.open(path.join(dir, name))).connect());
  [stored, expected] = [await connect('one.duckdb'), await connect('two.duckdb')];
});

afterEach(async () => {
  await open.disposeAsync();
  rmSync(dir, { recursive: true, force: true });
});

/** Compares rows in two warehouses. */
function compare(one: string, other: string, sums = true): Promise<Compared> {
  return stored.transaction(() =>
    compareTables({ connection: stored, sql: one }, { connection: expected, sql: other }, { key: ['id'], sums }),
  );
}

const rows = (values: string): string => `select * from (values ${values}) t(id, x)`;

describe('tables in two warehouses', () => {
  it('of every type are the same when they are, in any order and as often', async () => {
    const all = `select range as id, 'a text longer than twelve bytes ' || range as text, range::decimal(12, 4) as money,
      [range, null] as list, {a: range, b: ['x']} as struct, array_value(1.5::float, range::float) as fixed,
      if(range % 3 = 0, null, timestamp '2026-01-01' + interval (range) second) as at, range::hugeint as large,
      '\\x00\\xFF'::blob as bytes, range % 2 = 0 as flag, range / 7 as ratio from range(5000)`;
    expect(await compare(all, `${all} order by range desc`)).toMatchObject({
      status: 'equal',
      rows: 5000,
      nearlyEqual: [],
    });
    const changed = `select * replace (if(id = 4321, 'other', text) as text) from (${all})`;
    expect(await compare(changed, all)).toMatchObject({
      status: 'different',
      stored: 1,
      expected: 1,
      examples: [
        { side: 'stored', key: '{"id":4321}' },
        { side: 'expected', key: '{"id":4321}' },
      ],
    });
    expect(await compare(`${all} union all select * from (${all}) where id < 2`, all)).toMatchObject({
      status: 'different',
      stored: 2,
      expected: 0,
    });
  });

  it('may differ in the last digits of sums of doubles, and say so', async () => {
    expect(await compare(rows('(1, 0.1e0 + 0.2e0), (2, 1e0)'), rows('(1, 0.3e0), (2, 1e0)'))).toMatchObject({
      status: 'equal',
      nearlyEqual: ['x'],
    });
    // Whatever digit the two are at: rounded to nine they would not be the same.
    expect(await compare(rows('(1, 1.0000000004999e0)'), rows('(1, 1.0000000005001e0)'))).toMatchObject({
      status: 'equal',
      nearlyEqual: ['x'],
    });
    expect(await compare(rows('(1, 1e0)'), rows('(1, 1.00000001e0)'))).toMatchObject({
      status: 'different',
      stored: 1,
    });
    expect(await compare(rows("(1, 'nan'::double), (2, null)"), rows("(2, null), (1, 'nan'::double)"))).toMatchObject({
      status: 'equal',
    });
    // Two rows of one key: each is paired once.
    expect(await compare(rows('(1, 1e0), (1, 2e0)'), rows('(1, 2.0000000000000004e0), (1, 1e0)'))).toMatchObject({
      status: 'equal',
    });
    expect(await compare(rows('(1, 1e0), (1, 1e0)'), rows('(1, 1.0000000000000002e0)'))).toMatchObject({
      status: 'different',
      stored: 1,
      expected: 0,
    });
  });

  it('of records are compared to the last bit', async () => {
    expect(await compare(rows('(1, 0.1e0 + 0.2e0)'), rows('(1, 0.3e0)'), false)).toMatchObject({ status: 'different' });
  });

  it('with other columns are named as such', async () => {
    expect(await compare(rows('(1, 2)'), 'select 1 as id, 2 as x, 3 as y')).toMatchObject({
      status: 'different',
      reason: 'its columns are id, x, expected are id, x, y',
    });
  });
});
