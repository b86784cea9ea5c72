import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TableFile, TableFiles } from '../../src/warehouse/table-files.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'lens-table-files-'));
const database = path.join(dir, 'dev.duckdb');

beforeAll(async () => {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  await connection.run(`create schema raw; create schema old; create schema older;
    create table raw.kinds as select 9007199254740993 as big, 12.50::decimal(10, 2) as price, true as paid, date '2026-03-01' as day,
      timestamp '2026-03-01 12:30:00.5' as at, '2026-03-01 12:30:00+02'::timestamptz as zoned, 'a b'::blob as bytes, ['x', 'y'] as tags, 1.5 as ratio;
    create table raw.orders as select * from (values (1, 'a'), (2, null), (3, 'a')) t(order_id, note);
    create table old.only_there as select 1 as id; create table old.twice as select 1 as id; create table older.twice as select 1 as id;
    copy raw.orders to '${path.join(dir, 'parts.parquet')}';`);
  connection.closeSync();
  instance.closeSync();
  mkdirSync(path.join(dir, 'files'));
  writeFileSync(path.join(dir, 'files/people.csv'), 'id,Born,score,note\n1,2026-01-02,7.00,"a, b"\n2,,,\n');
  writeFileSync(path.join(dir, 'files/codes.tsv'), 'code\tn\n007\t1\n');
});

async function rowsOf(
  files: TableFiles,
  table: TableFile,
  columns: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>[]> {
  const wanted = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const rows: Record<string, unknown>[] = [];
  for await (const some of files.rows(table, wanted)) rows.push(...some);
  return rows;
}

describe('tables in files', () => {
  it('are those of a DuckDB file: of the schema, else the one of that name', async () => {
    await using files = await TableFiles.open(database);
    expect(files.isOneTable).toBe(false);
    const kinds = await files.find('RAW', ['Kinds']);
    expect(kinds?.columns.find(({ name }) => name === 'price')?.type).toBe('DECIMAL(10,2)');
    const types = {
      big: 'BIGINT',
      price: 'DECIMAL(10,2)',
      paid: 'BOOLEAN',
      day: 'DATE',
      at: 'TIMESTAMP',
      zoned: 'TIMESTAMP',
    };
    const others = { bytes: 'BLOB', tags: 'VARCHAR[]', ratio: 'DOUBLE', missing: 'INTEGER' };
    expect(await rowsOf(files, kinds as TableFile, { ...types, ...others })).toEqual([
      {
        big: '9007199254740993',
        price: '12.50',
        paid: true,
        day: '2026-03-01',
        at: '2026-03-01T12:30:00.500000Z',
        zoned: '2026-03-01T10:30:00Z',
        bytes: 'YSBi',
        tags: ['x', 'y'],
        ratio: 1.5,
      },
    ]);
    expect((await files.find('main', ['only_there']))?.place).toBe(`old.only_there of ${database}`);
    expect(await files.find('main', ['twice'])).toBeNull();
    expect(await files.find('raw', ['nothing'])).toBeNull();
  });

  it('are files of a folder by their names, or one file', async () => {
    await using folder = await TableFiles.open(path.join(dir, 'files'));
    const people = (await folder.find('any', ['raw_people', 'people'])) as TableFile;
    expect(people.columns).toEqual([
      { name: 'id', type: 'BIGINT' },
      { name: 'Born', type: 'DATE' },
      { name: 'score', type: 'DOUBLE' },
      { name: 'note', type: 'VARCHAR' },
    ]);
    expect(await rowsOf(folder, people, { id: 'BIGINT', born: 'DATE', score: 'INTEGER', note: 'VARCHAR' })).toEqual([
      { id: 1, born: '2026-01-02', score: 7, note: 'a, b' },
      { id: 2, born: null, score: null, note: null },
    ]);
    const codes = (await folder.find('any', ['codes'])) as TableFile;
    expect(await rowsOf(folder, codes, { code: 'VARCHAR' })).toEqual([{ code: '007' }]);
    expect(await folder.find('any', ['orders'])).toBeNull();

    await using one = await TableFiles.open(path.join(dir, 'parts.parquet'));
    expect(one.isOneTable).toBe(true);
    const parts = (await one.find('any', ['whatever'])) as TableFile;
    expect(await rowsOf(one, parts, { order_id: 'INTEGER' })).toEqual([
      { order_id: 1 },
      { order_id: 2 },
      { order_id: 3 },
    ]);
  });

  it('know whether a column tells rows apart: no null, nothing twice, and more than one row', async () => {
    await using files = await TableFiles.open(database);
    const orders = (await files.find('raw', ['orders'])) as TableFile;
    expect(await files.isUnique(orders, 'order_id')).toBe(true);
    expect(await files.isUnique(orders, 'note')).toBe(false);
    expect(await files.isUnique((await files.find('old', ['only_there'])) as TableFile, 'id')).toBe(false);
  });

  it('are INPUT_UNREADABLE where there is nothing, or nothing that DuckDB reads', async () => {
    const open = (name: string): Promise<TableFiles> => TableFiles.open(path.join(dir, name));
    await expect(open('nothing.duckdb')).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
    writeFileSync(path.join(dir, 'text.db'), 'no database '.repeat(1000));
    await expect(open('text.db')).rejects.toMatchObject({ code: 'INPUT_UNREADABLE', place: path.join(dir, 'text.db') });
    writeFileSync(path.join(dir, 'damaged.parquet'), 'PAR1');
    await using damaged = await open('damaged.parquet');
    await expect(damaged.find('any', [])).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });
});
