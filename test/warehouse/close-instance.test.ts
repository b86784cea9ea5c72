import { existsSync, mkdtempSync, readdirSync, readlinkSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import { closeInstance } from '../../src/warehouse/close-instance.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

function newFile(): string {
  return path.join(mkdtempSync(path.join(tmpdir(), 'lens-close-')), 'w.duckdb');
}

/** Whether this process has it open. */
function isOpen(file: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      return false;
    }
  });
}

async function made(file: string): Promise<Warehouse> {
  const warehouse = await Warehouse.open(file);
  using connection = await warehouse.connect();
  await connection.run('create table t as select 1 as x; checkpoint; insert into t values (2)');
  return warehouse;
}

async function rowsOf(warehouse: Warehouse): Promise<unknown[]> {
  using connection = await warehouse.connect();
  return await connection.rows('select x from t order by x');
}

describe.skipIf(process.platform !== 'linux')('on this system, which says what files are open', () => {
  test('an instance outlives what the event loop closes, and another thread ends it', async () => {
    const file = newFile();
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    // What the end has to write into the file.
    await connection.run('create table t as select hash(i) as h from range(300000) r(i)');
    connection.closeSync();
    const closeSync = instance.closeSync.bind(instance);
    let openThen: boolean | undefined;
    instance.closeSync = () => {
      closeSync();
      openThen = isOpen(file);
    };
    await closeInstance(instance);
    expect(openThen).toBe(true);
    expect(isOpen(file)).toBe(false);
  });

  test('a file can be closed before all that DuckDB has of it', async () => {
    const file = newFile();
    await using warehouse = await made(file);
    await warehouse.writeNoMore();
    await warehouse.closeFile();
    expect(isOpen(file)).toBe(false);
  });
});

test('a closed file has its log, goes under another name, and is opened again while the first is still to be disposed', async () => {
  const [file, moved] = [newFile(), newFile()];
  const first = await made(file);
  await first.writeNoMore();
  await first.closeFile();
  renameSync(`${file}.wal`, `${moved}.wal`);
  renameSync(file, moved);
  await using elsewhere = await Warehouse.open(moved);
  expect(await rowsOf(elsewhere)).toEqual([{ x: 1 }, { x: 2 }]);
  await using again = await made(file);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  // The one that is open now is still known to be.
  await expect(Warehouse.open(again.path)).rejects.toMatchObject({ code: 'WAREHOUSE_LOCKED' });
});

test('a file that is kept with its log is read without it from the first time on', async () => {
  const file = newFile();
  {
    await using warehouse = await made(file);
    await warehouse.writeNoMore();
  }
  expect(existsSync(`${file}.wal`)).toBe(true);
  for (const _ of [1, 2]) {
    await using warehouse = await Warehouse.openToRead(file);
    expect(await rowsOf(warehouse)).toEqual([{ x: 1 }, { x: 2 }]);
    expect(existsSync(`${file}.wal`)).toBe(false);
    using connection = await warehouse.connect();
    await expect(connection.run('delete from t')).rejects.toThrow('read-only');
  }
});
