import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { averageOf, isAveraged, ZERO, zerosOf } from '../../src/maintenance/average.ts';
import type { Connection } from '../../src/warehouse/connection.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

/**
 * Sums of whole numbers (of the last digits of a decimal) and counts, for which a division of doubles and one of 80 bits that is
 * rounded once more differ in the last digit.
 */
const ROUNDED_TWICE: Readonly<Record<string, readonly (readonly [bigint, number])[]>> = {
  SMALLINT: [
    [38724799n, 2379],
    [25771613n, 4443],
    [82597696n, 4734],
  ],
  INTEGER: [
    [3330101732860n, 2139],
    [3700823814764n, 3495],
    [784022712891n, 3815],
  ],
  BIGINT: [
    [2315061089162718n, 2371],
    [1581173859974992n, 2511],
    [2395320475697961n, 2563],
  ],
  'DECIMAL(4,2)': [
    [572916n, 139],
    [729201n, 277],
    [2797064n, 390],
  ],
  'DECIMAL(9,2)': [
    [19647070468n, 257],
    [156723207329n, 294],
    [82060729614n, 453],
  ],
  'DECIMAL(18,4)': [
    [21938028444726n, 178],
    [274892809210594n, 361],
    [427462463706717n, 448],
  ],
  'DECIMAL(38,9)': [
    [6996573677994455n, 71],
    [9576956056503606n, 124],
    [7576304567164508n, 156],
  ],
};

const EVERYDAY = [
  [0n, 1],
  [7n, 1],
  [7n, 2],
  [1000n, 3],
  [65536n, 1025],
] as const;

const folder = mkdtempSync(path.join(tmpdir(), 'lens-average-'));
let warehouse: Warehouse;
let connection: Connection;

beforeAll(async () => {
  warehouse = await Warehouse.open(path.join(folder, 'average.duckdb'), { threads: 1 });
  connection = await warehouse.connect();
});

afterAll(async () => {
  connection[Symbol.dispose]();
  await warehouse[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it.each(Object.keys(ROUNDED_TWICE))('makes the average of %s of sum and count as DuckDB does', async (type) => {
  expect(isAveraged(type)).toBe(true);
  const scale = Number(/,(\d+)/.exec(type)?.[1] ?? 0);
  const pairs = [...EVERYDAY, ...(ROUNDED_TWICE[type] ?? [])].flatMap(([sum, count]) => [
    `(${sum}::hugeint, ${count})`,
    `(-${sum}::hugeint, ${count})`,
  ]);
  /** A whole number of last digits as a value of a type, by its text: a product might not fit. */
  const typed = (whole: string, as: string): string =>
    scale === 0
      ? `cast(${whole} as ${as})`
      : `cast((case when ${whole} < 0 then '-' else '' end || abs(${whole}) // cast(10**${scale} as hugeint) || '.' || lpad(cast(abs(${whole}) % cast(10**${scale} as hugeint) as varchar), ${scale}, '0')) as ${as})`;
  const of = { argument: type, sum: typed('s', scale === 0 ? 'hugeint' : `decimal(38, ${scale})`), count: 'n' };
  // Values that have the sum, nearly equal ones, so that they fit into the type.
  const value = `(sign(s) * (abs(s) // n + case when r < abs(s) % n then 1 else 0 end))`;
  const rows = await connection.rows<{ made: number; whole: number }>(
    `with pairs as (select row_number() over () as i, * from (values ${pairs.join(', ')}) v(s, n)),
     made as (select i, ${averageOf(of, 'zeros')} as made
       from (select *, ${zerosOf(of)} as zeros from pairs cross join ${ZERO}) group by i),
     whole as (select i, avg(${typed(value, type)}) as whole
       from (select *, unnest(range(n)) as r from pairs) group by i)
     select made, whole from made join whole using (i)`,
  );
  expect(rows).toHaveLength(pairs.length);
  for (const { made, whole } of rows) expect(made).toBe(whole);
});
