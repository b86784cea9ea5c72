import { closeSync, mkdtempSync, openSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { modelFailed } from '../../src/materializer/models/model-failed.ts';
import { readOnlyQuery } from '../../src/warehouse/read-only-query.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

test('a block found damaged after the open is WAREHOUSE_UNREADABLE with what to do', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'lens-damaged-')), 'w.duckdb');
  {
    await using warehouse = await Warehouse.open(file);
    using connection = await warehouse.connect();
    await connection.run('create table t as select hash(i) as h, md5(i::varchar) as m from range(400000) r(i)');
  }
  // The middle of the file is rows: all that was written last are they.
  const handle = openSync(file, 'r+');
  for (const part of [0.35, 0.5, 0.65])
    writeSync(handle, Buffer.alloc(1000, 7), 0, 1000, Math.floor(statSync(file).size * part));
  closeSync(handle);
  await using warehouse = await Warehouse.open(file);
  using connection = await warehouse.connect();
  const unreadable = {
    code: 'WAREHOUSE_UNREADABLE',
    place: file,
    hint: expect.stringContaining('move the file away') as string,
  };
  const scan = 'select max(hash(t)) from t';
  const failure = await connection.rows(scan).catch((error: unknown) => error);
  expect(failure).toMatchObject(unreadable);
  expect(modelFailed('m', failure)).toBe(failure);
  using reading = await warehouse.connect();
  const sink = { columns: () => {}, rows: () => {} };
  const bounds = { maxRows: 1_000_000, timeoutMs: 10_000 };
  await expect(readOnlyQuery(reading, scan, bounds, sink)).rejects.toMatchObject(unreadable);
  using streaming = await warehouse.connect();
  await expect(readOnlyQuery(streaming, 'select * from t', bounds, sink)).rejects.toMatchObject(unreadable);
});
