import { describe, expect, it } from 'vitest';
import { planOf } from './plan-of.ts';

/** `column: what` of each caution, as the plan has them. */
async function cautions(sql: string, models: Readonly<Record<string, string>> = {}): Promise<string[]> {
  return (await planOf(sql, models)).cautions.map(({ column, what }) => `${column}: ${what}`);
}

const ties = 'where its ORDER BY ties';

describe('sums of DOUBLE', () => {
  it.each([
    ['a sum', 'select dim, sum(x) as total, count(*) as n from @facts group by dim', ['total: sum of DOUBLE']],
    ['what is made of an average', 'select dim, round(avg(x), 2) as a from @facts group by dim', ['a: avg of DOUBLE']],
    ['one over a window', 'select id, sum(x) over (partition by dim) as s from @facts', ['s: sum of DOUBLE']],
    [
      'rows that follow from one',
      'select dim, count(*) as n from @facts group by dim having sum(x) > 1',
      ['dim: sum of DOUBLE', 'n: sum of DOUBLE'],
    ],
    ['extremes of DOUBLE are exact', 'select dim, max(x) as m from @facts group by dim', []],
    ['averages of whole numbers are exact', 'select dim, avg(n) as m from @facts group by dim', []],
    ['sums ordered by a DOUBLE', 'select id, sum(n) over (partition by dim order by x) as s from @facts', []],
  ])('are named: %s', async (_, sql, expected) => {
    expect(await cautions(sql)).toEqual(expected);
  });

  it('are named through a view, and not through a table, which is what it is', async () => {
    const sums = 'select dim, sum(x) as total from @facts group by dim';
    expect(await cautions('select dim, total from #v', { v: `{{ config(materialized='view') }}${sums}` })).toEqual([
      'total: sum of DOUBLE',
    ]);
    expect(await cautions('select dim, total from #t', { t: sums })).toEqual([]);
  });
});

describe('results that follow the order of rows', () => {
  it.each([
    [
      'row_number in which rows tie',
      'select id, row_number() over (partition by dim order by day) as r from @facts',
      [`r: row_number() ${ties}`],
    ],
    [
      'the rows that are chosen by it',
      'select id, n from @facts qualify row_number() over (partition by dim order by day) = 1',
      [`id: row_number() ${ties}`, `n: row_number() ${ties}`],
    ],
    [
      'none with a key in the order',
      'select id, row_number() over (partition by dim order by day, id) as r from @facts',
      [],
    ],
    ['none in rank', 'select id, rank() over (partition by dim order by day) as r from @facts', []],
    ['lag', 'select id, lag(n) over (partition by dim order by day) as before from @facts', [`before: lag() ${ties}`]],
    [
      'a frame of rows',
      'select id, sum(n) over (partition by dim order by day rows 2 preceding) as s from @facts',
      [`s: sum() ${ties}`],
    ],
    ['no frame of values', 'select id, sum(n) over (partition by dim order by day) as s from @facts', []],
    [
      'any_value and lists',
      'select dim, any_value(n) as n, list(n) as all_n from @facts group by dim',
      ['n: any_value() where the order of rows is not told', 'all_n: list() where the order of rows is not told'],
    ],
    ['no list in the order of its values', 'select dim, list(n order by n) as all_n from @facts group by dim', []],
    [
      'first in an order that ties',
      'select dim, first(n order by day) as n from @facts group by dim',
      [`n: first() ${ties}`],
    ],
    [
      'string_agg without an order',
      "select dim, string_agg(n::varchar, ',') as s from @facts group by dim",
      ['s: string_agg() where the order of rows is not told'],
    ],
    [
      'arg_max, where rows tie',
      'select dim, arg_max(n, day) as n from @facts group by dim',
      ['n: arg_max() where its rows tie'],
    ],
    ['no arg_max by a key', 'select dim, arg_max(n, id) as n from @facts group by dim', []],
    [
      'distinct on',
      'select distinct on (dim) dim, n from @facts order by dim, day',
      ['dim: distinct on where its ORDER BY ties', 'n: distinct on where its ORDER BY ties'],
    ],
  ])('are named: %s', async (_, sql, expected) => {
    expect(await cautions(sql)).toEqual(expected);
  });
});
