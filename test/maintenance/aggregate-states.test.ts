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
    { numRuns: Math.ceil(RUNS / 30) },
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

/** Facts with two dimensions, one of which leads to a third, and items of facts. */
const STAR: RawTables = {
  sales: { id: 'INTEGER', customer: 'INTEGER', seller: 'INTEGER', x: 'DECIMAL(18,2)', n: 'INTEGER' },
  refunds: { refund: 'INTEGER', customer: 'INTEGER', y: 'DECIMAL(18,2)', flag: 'BOOLEAN' },
  people: { person: 'INTEGER', region: 'INTEGER', name: 'VARCHAR', active: 'BOOLEAN', unread: 'INTEGER' },
  regions: { region: 'INTEGER', name: 'VARCHAR', boss: 'INTEGER' },
};

const source = (name: string): string => `{{ source('raw', '${name}') }}`;
const VALUES = 'count(*) as n, sum(x) as s, min(x) as least, count(distinct x) as xs';

/** Rows without a key: some are alike. */
const LINES = `select customer, x, 'sale' as kind from ${source('sales')} union all select customer, y, 'back' from ${source('refunds')}`;

const BY_REGION = `select region, max(name) as last, count(*) as n from ${source('people')} group by region`;

/** Models by what is aggregated, with how many tables each state reads; 0 where there is none. */
const OVER: Readonly<Record<string, { sql: string; tables: number }>> = {
  union_all: {
    sql: `select customer, ${VALUES}, bool_or(refunded) as any from (
      select customer, x, false as refunded from ${source('sales')} where n > 0
      union all select customer, -y, true from ${source('refunds')}
      union all select seller, x, null from ${source('sales')}) group by customer`,
    tables: 3,
  },
  union_by_constant: {
    sql: `select kind, customer, ${VALUES} from (
      select 'sale' as kind, customer, x from ${source('sales')}
      union all select 'refund', customer, y from ${source('refunds')}) group by all`,
    tables: 2,
  },
  left_join: {
    sql: `select p.region, ${VALUES}, count(p.person) as known, max(p.name) as last from ${source('sales')} s
      left join ${source('people')} p on p.person = s.customer group by p.region`,
    tables: 2,
  },
  inner_join: {
    sql: `select s.customer, p.active, ${VALUES} from ${source('sales')} s
      join ${source('people')} p on p.person = s.customer where p.name <> 'y' or s.n > 2 group by all`,
    tables: 2,
  },
  dimension_first: {
    sql: `select p.person, ${VALUES} from ${source('people')} p
      join ${source('sales')} s on p.person = s.customer and p.active group by p.person`,
    tables: 2,
  },
  twice_the_same: {
    sql: `select c.region, e.name, ${VALUES} from ${source('sales')} s
      left join ${source('people')} c on c.person = s.customer
      left join ${source('people')} e on e.person = s.seller and e.active group by all`,
    tables: 3,
  },
  chained: {
    sql: `select r.name, ${VALUES} from ${source('sales')} s
      left join ${source('people')} p on p.person = s.customer
      left join ${source('regions')} r on r.region = p.region
      where r.boss is distinct from s.seller group by r.name`,
    tables: 3,
  },
  joined_dimension: {
    sql: `with regional as (select p.person, upper(r.name) as region from ${source('people')} p
        join ${source('regions')} r on r.region = p.region)
      select region, ${VALUES} from ${source('sales')} s left join regional on person = customer group by region`,
    tables: 3,
  },
  with_itself: {
    sql: `select b.name, count(*) as n, max(e.name) as last from ${source('people')} e
      left join ${source('people')} b on b.person = e.region group by b.name`,
    tables: 2,
  },
  many_to_one: {
    sql: `select p.region, count(s.id) as sales, ${VALUES} from ${source('people')} p
      left join ${source('sales')} s on s.customer = p.person group by p.region`,
    tables: 2,
  },
  null_safe: {
    sql: `select r.name, ${VALUES} from ${source('sales')} s
      join ${source('regions')} r on r.boss is not distinct from s.seller group by r.name`,
    tables: 2,
  },
  semi_join: {
    sql: `select customer, ${VALUES} from ${source('sales')} s
      semi join ${source('refunds')} r on r.customer = s.customer and r.flag group by customer`,
    tables: 2,
  },
  anti_join: {
    sql: `select seller, ${VALUES} from ${source('sales')} s
      anti join ${source('people')} r on r.person = s.customer and r.active group by seller`,
    tables: 2,
  },
  unknown_people: {
    sql: `select p.person, ${VALUES} from ${source('sales')} s
      left join ${source('people')} p on p.person = s.customer group by p.person`,
    tables: 2,
  },
  dimension_with_a_null_key: {
    sql: `select g.last, ${VALUES} from ${source('sales')} s
      left join {{ ref('by_region') }} g on g.region is not distinct from s.n group by g.last`,
    tables: 2,
  },
  by_what_may_be_missing: {
    sql: `select s.seller, max(r.name) as last, ${VALUES} from ${source('sales')} s
      left join ${source('people')} p on p.person = s.customer
      left join ${source('regions')} r on r.region = coalesce(p.region, 0) group by s.seller`,
    tables: 0,
  },
  without_a_key: {
    sql: `select p.region, l.kind, ${VALUES} from {{ ref('lines') }} l
      left join ${source('people')} p on p.person = l.customer group by all`,
    tables: 2,
  },
  two_tables_alike: {
    sql: `select a.customer, a.n, b.n as m from (select customer, count(*) as n from ${source('sales')} group by 1) a
      left join (select customer, count(*) as n from ${source('refunds')} group by 1) b on b.customer = a.customer`,
    tables: 1,
  },
  union_of_joins: {
    sql: `select p.region, ${VALUES} from (
        select customer, x from ${source('sales')} union all select customer, y from ${source('refunds')}
      ) u left join ${source('people')} p on p.person = u.customer group by p.region`,
    tables: 4,
  },
};

it('keeps aggregates over joins and unions from the changes alone', { timeout: 3_600_000 }, async () => {
  const models = Object.entries(OVER).map(([name, { sql }]) => [name, sql] as const);
  await using bench = await HistoryBench.open(
    STAR,
    Object.fromEntries([['lines', LINES], ['by_region', BY_REGION], ...models]),
  );
  for (const { model, upkeep, states } of bench.plans.filter((plan) => plan.model in OVER)) {
    const tables = states.map(({ branches }) => branches.flatMap(({ lookups }) => [0, ...lookups]).length);
    const expected = OVER[model]?.tables ?? 0;
    const kept = expected === 0 ? ['compaction'] : ['batch', expected];
    expect([model, upkeep, ...new Set(tables)]).toEqual([model, ...kept]);
  }
  await fc.assert(
    fc.asyncProperty(histories(STAR, 6), (history) => bench.check(history)),
    { numRuns: Math.ceil(RUNS / 50) },
  );
});
