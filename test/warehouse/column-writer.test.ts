import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ColumnChunk, type ColumnVector } from '../../src/core/column-chunk.ts';
import { type ColumnType, sqlType } from '../../src/core/columns.ts';
import { appendChunks, defaultStringPath, type StringPath } from '../../src/warehouse/column-writer.ts';

/** A value as the test thinks of it: decimals and 64-bit integers as bigint, texts as string, null as null. */
type Value = null | number | bigint | boolean | string | Value[] | { readonly [field: string]: Value };

const TYPES: readonly ColumnType[] = [
  { kind: 'bigint' },
  { kind: 'integer' },
  { kind: 'double' },
  { kind: 'float' },
  { kind: 'varchar' },
  { kind: 'boolean' },
  { kind: 'timestamp' },
  { kind: 'date' },
  { kind: 'blob' },
  { kind: 'decimal', precision: 4, scale: 1 },
  { kind: 'decimal', precision: 9, scale: 9 },
  { kind: 'decimal', precision: 18, scale: 4 },
  { kind: 'decimal', precision: 38, scale: 10 },
  { kind: 'list', element: { kind: 'varchar' } },
  { kind: 'list', element: { kind: 'list', element: { kind: 'bigint' } } },
  {
    kind: 'struct',
    fields: [
      { name: 'a', type: { kind: 'varchar' } },
      { name: 'group', type: { kind: 'list', element: { kind: 'bigint' } } },
      { name: 'inner', type: { kind: 'struct', fields: [{ name: 'd', type: { kind: 'boolean' } }] } },
    ],
  },
  { kind: 'list', element: { kind: 'struct', fields: [{ name: 'x', type: { kind: 'integer' } }] } },
  { kind: 'array', element: { kind: 'float' }, length: 3 },
  { kind: 'array', element: { kind: 'varchar' }, length: 2 },
];

function arbitrary(type: ColumnType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'bigint':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'integer':
      return fc.integer();
    case 'double':
      return fc.double({ noNaN: true });
    case 'float':
      return fc.float({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n });
    case 'date':
      return fc.integer({ min: -1_000_000, max: 1_000_000 });
    case 'varchar':
    case 'blob':
      return fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 13, maxLength: 300, unit: 'grapheme' }));
    case 'decimal': {
      const bound = 10n ** BigInt(type.precision) - 1n;
      return fc.bigInt({ min: -bound, max: bound });
    }
    case 'list':
      return fc.array(fc.option(arbitrary(type.element)), { maxLength: 5 });
    case 'array':
      return fc.array(fc.option(arbitrary(type.element)), { minLength: type.length, maxLength: type.length });
    case 'struct':
      return fc
        .tuple(...type.fields.map((one) => fc.option(arbitrary(one.type))))
        .map((values) => Object.fromEntries(type.fields.map(({ name }, i) => [name, values[i] as Value])));
  }
}

function write(column: ColumnVector, row: number, value: Value): void {
  if (value === null) return column.setNull(row);
  switch (column.type.kind) {
    case 'bigint':
    case 'timestamp':
      return column.setInt64(row, value as bigint);
    case 'integer':
    case 'date':
      return column.setInt32(row, value as number);
    case 'double':
      return column.setDouble(row, value as number);
    case 'float':
      return column.setFloat(row, value as number);
    case 'boolean':
      return column.setBoolean(row, value as boolean);
    case 'varchar':
    case 'blob':
      return column.setBytes(row, Buffer.from(value as string));
    case 'decimal':
      return column.setUnscaled(row, value as bigint);
    case 'list':
    case 'array': {
      const items = value as Value[];
      const start = column.setElements(row, items.length);
      items.forEach((item, i) => write(column.child, start + i, item));
      return;
    }
    case 'struct':
      column.type.fields.forEach(({ name }, i) => {
        write(column.parts[i] as ColumnVector, row, (value as Record<string, Value>)[name] as Value);
      });
  }
}

/** What SELECT gives for a value, after the same plain rewriting on both sides. */
function expected(type: ColumnType, value: Value): unknown {
  if (value === null) return null;
  if (type.kind === 'list' || type.kind === 'array') return (value as Value[]).map((v) => expected(type.element, v));
  if (type.kind === 'struct') {
    const given = value as Record<string, Value>;
    return Object.fromEntries(type.fields.map((one) => [one.name, expected(one.type, given[one.name] as Value)]));
  }
  if (type.kind === 'blob') return Buffer.from(value as string).toString('hex');
  return Object.is(value, -0) ? 0 : value;
}

function actual(type: ColumnType, value: unknown): unknown {
  if (value === null) return null;
  if (type.kind === 'list' || type.kind === 'array') {
    return (value as { items: unknown[] }).items.map((v) => actual(type.element, v));
  }
  if (type.kind === 'struct') {
    const { entries } = value as { entries: Record<string, unknown> };
    return Object.fromEntries(type.fields.map((one) => [one.name, actual(one.type, entries[one.name])]));
  }
  if (type.kind === 'decimal') return (value as { value: bigint }).value;
  if (type.kind === 'timestamp') return (value as { micros: bigint }).micros;
  if (type.kind === 'date') return (value as { days: number }).days;
  if (type.kind === 'blob') return Buffer.from((value as { bytes: Uint8Array }).bytes).toString('hex');
  return Object.is(value, -0) ? 0 : value;
}

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'lens-writer-'));
  instance = await DuckDBInstance.create(path.join(folder, 'w.duckdb'));
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true });
});

async function select(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

describe('appendChunks', () => {
  it('trusts its string slots on this DuckDB', () => {
    expect(defaultStringPath()).toBe('slots');
  });

  for (const strings of ['slots', 'one by one'] as StringPath[]) {
    it(`gives back every value of every type (strings: ${strings})`, { timeout: 60_000 }, async () => {
      const chunk = new ColumnChunk([{ kind: 'integer' }, ...TYPES]);
      const row = fc.tuple(...TYPES.map((type) => fc.option(arbitrary(type), { freq: 4 })));
      const columns = TYPES.map((type, i) => `c${i} ${sqlType(type)}`).join(', ');
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 70 }), fc.boolean(), async (rows, temporary) => {
          chunk.reset();
          rows.forEach((values, r) => {
            write(chunk.columns[0] as ColumnVector, r, r);
            values.forEach((value, c) => write(chunk.columns[c + 1] as ColumnVector, r, value));
            chunk.rowCount = r + 1;
          });
          await connection.run(`create or replace ${temporary ? 'temp' : ''} table t (n integer, ${columns})`);
          const table = temporary ? { catalog: 'temp', table: 't' } : { schema: 'main', table: 't' };
          await appendChunks(connection, table, [chunk, chunk], strings);
          const found = await select('select * from t order by n, rowid');
          await connection.run('drop table t');
          expect(found.map(([, ...values]) => values.map((v, c) => actual(TYPES[c] as ColumnType, v)))).toEqual(
            rows.flatMap((values) => {
              const one = values.map((v, c) => expected(TYPES[c] as ColumnType, v));
              return [one, one];
            }),
          );
        }),
        { numRuns: 60 },
      );
    });
  }

  it('appends within the open transaction: a rollback takes the rows back', async () => {
    const chunk = new ColumnChunk([{ kind: 'bigint' }]);
    (chunk.columns[0] as ColumnVector).setInt64(0, 7n);
    chunk.rowCount = 1;
    await connection.run('create table r (n bigint)');
    await connection.run('begin');
    await appendChunks(connection, { table: 'r' }, [chunk]);
    expect(await select('select n from r')).toEqual([[7n]]);
    await connection.run('rollback');
    expect(await select('select n from r')).toEqual([]);
  });

  it('says the table and the reason when DuckDB refuses', async () => {
    const chunk = new ColumnChunk([{ kind: 'bigint' }]);
    chunk.columns[0]?.setNull(0);
    chunk.rowCount = 1;
    await connection.run('create table strict (n bigint not null)');
    await expect(appendChunks(connection, { table: 'strict' }, [chunk])).rejects.toThrow(
      /cannot append to strict: .*NOT NULL/,
    );
    await expect(appendChunks(connection, { table: 'absent' }, [chunk])).rejects.toMatchObject({
      code: 'QUERY_FAILED',
    });
    expect(await select('select n from strict')).toEqual([]);
  });

  it('drops all but chosen rows of a full chunk, nulls and long strings included', async () => {
    const types: ColumnType[] = [
      { kind: 'bigint' },
      { kind: 'varchar' },
      { kind: 'array', element: { kind: 'double' }, length: 2 },
    ];
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(2047), { maxLength: 400 }), async (chosen) => {
        const rows = Int32Array.from(chosen).sort();
        const chunk = new ColumnChunk(types);
        for (let r = 0; r < 2048; r++) {
          write(chunk.columns[0] as ColumnVector, r, BigInt(r));
          write(chunk.columns[1] as ColumnVector, r, r % 3 === 0 ? null : `row ${r} ${'.'.repeat(r % 20)}`);
          write(chunk.columns[2] as ColumnVector, r, r % 5 === 0 ? null : [r, r % 7 === 0 ? null : -r]);
        }
        chunk.rowCount = 2048;
        const marks = new Uint8Array(2048).fill(1);
        for (const row of rows) marks[row] = 0;
        chunk.drop(marks);
        await connection.run('create or replace temp table k (n bigint, s varchar, a double[2])');
        await appendChunks(connection, { catalog: 'temp', table: 'k' }, [chunk]);
        const found = await select('select n, s, a from k order by n');
        expect(found.map((row) => row.map((v, c) => actual(types[c] as ColumnType, v)))).toEqual(
          [...rows].map((r) => [
            BigInt(r),
            r % 3 === 0 ? null : `row ${r} ${'.'.repeat(r % 20)}`,
            r % 5 === 0 ? null : [r, r % 7 === 0 ? null : -r],
          ]),
        );
      }),
      { numRuns: 15 },
    );
  });
});
