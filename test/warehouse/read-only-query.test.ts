import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOnlyQuery } from '../../src/warehouse/read-only-query.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await Warehouse.open(path.join(mkdtempSync(path.join(tmpdir(), 'lens-query-')), 'w.duckdb'));
  using connection = await warehouse.connect();
  await connection.run("create table t (a int, b text); insert into t values (1, 'x'), (2, 'y'); create sequence s");
});

afterAll(() => warehouse[Symbol.asyncDispose]());

async function rowsOf(sql: string, maxRows = 100): Promise<(readonly unknown[])[]> {
  using connection = await warehouse.connect();
  const rows: (readonly unknown[])[] = [];
  const sink = { columns: () => {}, rows: (piece: readonly (readonly unknown[])[]) => void rows.push(...piece) };
  await readOnlyQuery(connection, sql, { maxRows, timeoutMs: 10_000 }, sink);
  return rows;
}

test.each<[string, number]>([
  ['select * from t', 2],
  ['/* a */ select 1; -- b', 1],
  ['from t', 2],
  ['values (1), (2)', 2],
  ['pivot t on b using sum(a)', 1],
  ['select * from (pivot t on b using sum(a))', 1],
  ['unpivot t on a into name n value v', 2],
  ['explain select * from t', 1],
  ['describe t', 2],
  ['show tables', 1],
  ['with q as (select 1) select * from q', 1],
  ["select 'force_checkpoint'", 1],
])('%s is allowed', async (sql, rows) => {
  expect(await rowsOf(sql)).toHaveLength(rows);
});

test.each([
  ['', /there is no SQL/],
  ['  ', /there is no SQL/],
  ['-- a comment', /there is no SQL/],
  [';', /there is no SQL/],
  ['select 1; select 2', /2 statements/],
  ['select 1; drop table t', /2 statements/],
  ["copy t to '/tmp/lens-copied.csv'", /begins with COPY/],
  ["insert into t values (3, 'z') returning *", /begins with INSERT/],
  ["with q as (select 3) insert into t select *, 'z' from q", /an INSERT statement|a INSERT statement|read-only/],
  ['create temp table x as select 1', /begins with CREATE/],
  ['set threads = 1', /begins with SET/],
  ['explain analyze select 1', /EXPLAIN ANALYZE/],
  ['select * from force_checkpoint()', /a call of force_checkpoint/],
  ["select * from query('select * from enable_' || 'logging()')", /a call of enable_logging/],
  ["select * from json_execute_serialized_sql('x')", /a call of json_execute_serialized_sql/],
  ['pragma enable_profiling', /a PRAGMA statement/],
])('%s is refused', async (sql, message) => {
  await expect(rowsOf(sql)).rejects.toMatchObject({
    code: 'QUERY_REFUSED',
    message: expect.stringMatching(message) as string,
  });
});

test('what nobody thought of is stopped by the read-only transaction', async () => {
  await expect(rowsOf("select nextval('s')")).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  expect(await rowsOf('select count(*) from t')).toEqual([[2]]);
});

test.each([
  ['selec 1', /duckdb\.org/],
  ['select * from nothing', /information_schema\.tables/],
  ['select nothing from t', /describe TABLE/],
  ["select * from read_csv('/etc/passwd')", /warehouse only/],
  ['select cast(b as int) from t', /try_cast/],
  ["select error('x')", /try_cast/],
  ['select no_function(1)', undefined],
])('the hint of %s fits', async (sql, hint) => {
  await expect(rowsOf(sql)).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    hint: hint === undefined ? undefined : (expect.stringMatching(hint) as string),
  });
});

test('timestamps of every precision are ISO 8601 in UTC', async () => {
  const rows = await rowsOf(`select timestamp_ns '2020-01-02 03:04:05.123456789', timestamp_ns '1969-12-31 23:59:59.5',
    timestamp_ms '2020-01-02 03:04:05.123', timestamp_s '2020-01-02 03:04:05', timestamp '2020-01-02 03:04:05.1',
    timestamptz '2020-01-02 03:04:05+01', [timestamp_s '1960-01-01 00:00:00'], 'infinity'::timestamp, '-infinity'::timestamp`);
  expect(rows).toEqual([
    [
      '2020-01-02T03:04:05.123456789Z',
      '1969-12-31T23:59:59.500000Z',
      '2020-01-02T03:04:05.123000Z',
      '2020-01-02T03:04:05Z',
      '2020-01-02T03:04:05.100000Z',
      '2020-01-02T02:04:05Z',
      ['1960-01-01T00:00:00Z'],
      'infinity',
      '-infinity',
    ],
  ]);
});
