import fc from 'fast-check';
import { expect, it } from 'vitest';
import { histories, HistoryBench, type RawTables, RUNS } from './history-bench.ts';

const FACTS: RawTables = {
  facts: {
    id: 'INTEGER',
    a: 'INTEGER',
    b: 'INTEGER',
    t: 'VARCHAR',
    flag: 'BOOLEAN',
    x: 'DECIMAL(18,2)',
    y: 'DOUBLE',
    small: 'SMALLINT',
    big: 'BIGINT',
    narrow: 'DECIMAL(4,1)',
  },
};

/** Every kind of aggregate that is kept beside plain counts, sums and extremes. */
const KINDS = `select a, bool_and(flag) as every, bool_or(flag) as some, min(flag) as least_flag, max(flag) as most_flag,
  count_if(flag) as trues, count_if(b > 1) filter (where flag) as both, countif(t = 'x') as xs, sum(flag) as flags,
  sum(case when flag then 1 else 0 end) as ones, bool_or(flag) filter (where b > 1) as some_b,
  sum(distinct b) as sum_b, sum(distinct x) filter (where flag) as sum_x, count(distinct y) as ys,
  min(y) as least_y, max(y) as most_y, min(distinct x) as least_x, max(t) as last,
  avg(b) as avg_b, avg(x) as avg_x, avg(big) as avg_big, avg(small) as avg_small, avg(narrow) as avg_narrow,
  avg(distinct x) as avg_each, avg(x) filter (where flag) as avg_flag, avg(cast(b as tinyint)) as avg_tiny
from {{ source('raw', 'facts') }} where id <> 7 group by a`;

it('keeps every kind of aggregate from the changes alone', { timeout: 3_600_000 }, async () => {
  await using bench = await HistoryBench.open(FACTS, {
    kinds: KINDS,
    around: `select a, round(avg(x), 2) as mean, avg(x) > avg(b) as more from {{ source('raw', 'facts') }} group by a having bool_or(flag)`,
  });
  expect(bench.plans.map(({ upkeep, states }) => `${upkeep}, ${states.length} states`)).toEqual([
    'batch, 1 states',
    'batch, 1 states',
  ]);
  await fc.assert(
    fc.asyncProperty(histories(FACTS, 9), (history) => bench.check(history)),
    { numRuns: Math.ceil(RUNS / 20) },
  );
});

it.each(['sum(y)', 'avg(y)', 'list(b)', 'median(b)', 'avg(cast(b as hugeint))', 'avg(cast(x as decimal(30, 12)))'])(
  'redoes %s from the rows of the touched groups',
  async (aggregate) => {
    await using bench = await HistoryBench.open(FACTS, {
      m: `select a, ${aggregate} as v from {{ source('raw', 'facts') }} group by a`,
    });
    expect(bench.plans.map(({ upkeep, states }) => `${upkeep}, ${states.length} states`)).toEqual(['batch, 0 states']);
  },
);
