import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Connection } from '../../src/warehouse/connection.ts';
import { KeyIndexes } from '../../src/warehouse/key-indexes.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

async function indexes(connection: Connection): Promise<string[]> {
  const rows = await connection.rows<{ name: string }>('select index_name as name from duckdb_indexes() order by all');
  return rows.map(({ name }) => name);
}

it('indexes the keys of tables that have grown large, of types that can be, and drops them again', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-indexes-'));
  try {
    await using warehouse = await Warehouse.open(path.join(dir, 'w.duckdb'));
    using connection = await warehouse.connect();
    await connection.run(
      `create schema "a b";
       create table "a b".large as select range as id from range(100);
       create table main.small as select range as id from range(99);
       create table main.listed as select [range] as id from range(99)`,
    );
    const tables = [
      { schema: 'a b', table: 'large', column: 'id' },
      { schema: 'main', table: 'small', column: 'id' },
      { schema: 'main', table: 'listed', column: 'id' },
      { schema: 'main', table: 'not_there', column: 'id' },
    ];
    const keyed = new KeyIndexes(tables, { fromRows: 100 });
    await keyed.make(connection);
    expect(await indexes(connection)).toEqual(['lens_key_a b_large']);
    // A table that is not among those is small, too, however its rows are looked up.
    expect([...keyed.small].filter((name) => !name.startsWith('"lens"'))).toEqual([
      '"main"."listed"',
      '"main"."small"',
    ]);
    await connection.run('insert into main.small values (99)');
    await keyed.make(connection);
    expect(await indexes(connection)).toEqual(['lens_key_a b_large']);
    await keyed.makeAgain(connection);
    expect(await indexes(connection)).toEqual(['lens_key_a b_large', 'lens_key_main_small']);
    expect(keyed.small.has('"main"."small"')).toBe(false);
    await keyed.drop(connection);
    expect(await indexes(connection)).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

it('keeps as many as there is memory for, which their keys say only when they are made', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-indexes-'));
  try {
    await using warehouse = await Warehouse.open(path.join(dir, 'w.duckdb'));
    using connection = await warehouse.connect();
    await connection.run(
      `create table main.close as select range as id from range(200_000);
       create table main.other as from main.close;
       create table main.scattered as select hash(range) as id from range(200_000)`,
    );
    const tables = ['scattered', 'close', 'other'].map((table) => ({ schema: 'main', table, column: 'id' }));
    const keyed = new KeyIndexes(tables, { fromRows: 100, maxBytes: 3e6 });
    await keyed.make(connection);
    expect(await indexes(connection)).toEqual(['lens_key_main_close']);
    // Nor is one made again and again, to be dropped: DuckDB numbers what is made.
    const next = (name: string): Promise<number> =>
      connection.number(`create table main.${name} (i int); select max(table_oid) from duckdb_tables()`);
    const [first, second] = [await next('first'), await next('second')];
    await keyed.makeAgain(connection);
    expect((await next('third')) - second).toBe(second - first);
    expect(await indexes(connection)).toEqual(['lens_key_main_close']);
    const roomy = new KeyIndexes(tables, { fromRows: 100, maxBytes: 50e6 });
    await roomy.make(connection);
    expect(await indexes(connection)).toHaveLength(3);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
