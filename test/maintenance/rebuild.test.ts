import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { rebuild } from '../../src/maintenance/rebuild.ts';
import { storedColumn } from '../../src/warehouse/stored-column.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { planOf } from './plan-of.ts';

const ROWS = 20_000;

it('leaves 128-bit numbers of kept tables unpacked, and no others', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-'));
  try {
    await using warehouse = await Warehouse.open(path.join(dir, 'warehouse.duckdb'));
    using connection = await warehouse.connect();
    const kept = [storedColumn('price', 'DECIMAL(20,2)') + ' not null', storedColumn('cents', 'DECIMAL(18,2)')];
    await connection.run(
      `create table kept (${kept.join(', ')}); insert into kept select range * 1.5, range * 1.5 from range(${ROWS});
       create table facts as select range as id, range as dim, range::integer as n from range(${ROWS})`,
    );
    const plan = await planOf(
      'select dim, sum(n) as n, sum(cast(n as decimal(9,2))) as amount, count(*) as c from @facts group by 1',
    );
    expect(plan.columns.map(({ type }) => type)).toEqual(['BIGINT', 'HUGEINT', 'DECIMAL(38,2)', 'BIGINT']);
    expect(await rebuild(connection, { ...plan, states: [] })).toBe(ROWS);
    await connection.run('checkpoint');
    const packed = async (table: string): Promise<string[]> => {
      const rows = await connection.rows<{ name: string }>(
        `select distinct column_name as name from pragma_storage_info('${table}')
         where segment_type <> 'VALIDITY' and compression = 'BitPacking' order by all`,
      );
      return rows.map(({ name }) => name);
    };
    expect(await packed('kept')).toEqual(['cents']);
    expect(await packed('m')).toEqual(['dim']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('leaves texts that are mostly different unpacked, and keeps those that repeat in a dictionary', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-'));
  try {
    await using warehouse = await Warehouse.open(path.join(dir, 'warehouse.duckdb'));
    using connection = await warehouse.connect();
    await connection.run(`create table facts as select range as id, range as n from range(${ROWS})`);
    const plan = await planOf("select id, md5(id::varchar) as hash, 'status ' || id % 7 as status from @facts");
    expect(await rebuild(connection, plan)).toBe(ROWS);
    await connection.run('checkpoint');
    const stored = await connection.rows(
      `select distinct column_name as name, compression from pragma_storage_info('m') where segment_type = 'VARCHAR' order by all`,
    );
    expect(stored).toEqual([
      { name: 'hash', compression: 'Uncompressed' },
      { name: 'status', compression: 'Dictionary' },
    ]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
