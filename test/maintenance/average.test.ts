import { expect, it } from 'vitest';
import { averageOf, isAveraged, ZERO, zerosOf } from '../../src/maintenance/average.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

/** Types with the largest whole number to take averages of, and ten to the scale. */
const TYPES = [
  ['SMALLINT', 30_000, 1],
  ['INTEGER', 2_000_000_000, 1],
  ['BIGINT', 1_000_000_000_000, 1],
  ['DECIMAL(4,2)', 9_999, 100],
  ['DECIMAL(9,2)', 900_000_000, 100],
  ['DECIMAL(18,4)', 1_000_000_000_000, 10_000],
  ['DECIMAL(38,9)', 100_000_000_000_000, 1_000_000_000],
] as const;

// A plain division of doubles gives another last digit for one in some thousands: those are looked for and compared.
it.each(TYPES)('makes the average of %s of sum and count as DuckDB does', async (type, most, scale) => {
  await using warehouse = await Warehouse.open(':memory:', { threads: 1 });
  using connection = await warehouse.connect();
  expect(isAveraged(type)).toBe(true);
  const sum = `cast(case when s < 0 then '-' else '' end || (abs(s) // ${scale}) || '.' || lpad(cast(abs(s) % ${scale} as varchar), ${String(scale).length - 1}, '0') as decimal(38, ${String(scale).length - 1}))`;
  const of = {
    argument: type.replaceAll(/DECIMAL\((\d+),/g, 'DECIMAL($1,'),
    sum: scale === 1 ? 's' : sum,
    count: 'n',
  };
  const made = averageOf({ argument: of.argument, sum: of.sum, count: 'n' }, 'zeros');
  await connection.run(`
    select setseed(0.25);
    create temp table pairs as
      select i, n, cast(floor((random() - 0.5) * 2 * ${most} * n) as hugeint) as s
      from (select i, 1 + cast(floor(random() * 100000) as bigint) as n from range(60000) r(i));
    create temp table made as
      select i, first(s) as s, first(n) as n, ${made} as average, first(cast(s as double) / (n * ${scale})) as plain
      from (select *, ${zerosOf(of)} as zeros from pairs cross join ${ZERO}) group by i;
    create temp table tried as
      (from made where average <> plain limit 10) union all (from made order by i limit 10)`);
  // Values that have the sum, nearly equal ones, so that they fit into the type.
  const value = `(sign(s) * (abs(s) // n + case when r < abs(s) % n then 1 else 0 end))`;
  const typed = `cast(cast(${value} as decimal(28, 0)) * cast(${1 / scale} as decimal(10, 9)) as ${type})`;
  const [row] = await connection.rows(`
    select count(*) as n, count(*) filter (real <> average) as wrong, count(*) filter (real <> plain) as rounded_twice from (
      select i, avg(${typed}) as real, first(average) as average, first(plain) as plain
      from (select *, unnest(range(n)) as r from tried) group by i)`);
  expect(row?.['wrong']).toBe(0);
  expect(row?.['n']).toBeGreaterThanOrEqual(10);
});
