import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { diskFull } from '../../src/core/disk-full.ts';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { LogFile } from '../../src/log/embedded/log-file.ts';
import { LensProcess } from './lens-process.ts';
import { lines, order, Shop } from './shop.ts';

test('a service whose disk is full ends with a hint, loses nothing, and goes on when there is room', async () => {
  const shop = new Shop();
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '1.00'), order(2, 'bob', '2.00')]));
  await shop.output(['run']);
  // The batch's transaction is larger than what may be written of any file.
  const long = Array.from({ length: 3000 }, (_, at) => ({
    ...order(at + 10, 'ann', '1.00'),
    note: `${at} `.repeat(200),
  }));
  await shop.output(['produce', 'orders'], lines(long));
  const service = await new LensProcess(['start', ...shop.flags], { fileKilobytes: 1500 }).result;
  expect(service.code).toBe(1);
  expect(service.stderr).toMatch(/error DISK_FULL: there is no room to write: .*File too large/);
  expect(service.stderr).toMatch(
    /at .*warehouse\.duckdb\n.*hint: make room there and start again: what was committed stands/,
  );
  expect(JSON.parse(await shop.output(['status', '--json']))).toMatchObject({
    recordsApplied: 2,
    lag: 3000,
    state: 'behind',
    models: expect.arrayContaining([expect.objectContaining({ name: 'fct_orders', rows: 2 })]) as unknown[],
  });
  await shop.output(['run']);
  expect(await shop.rows('select count(*) as n from fct_orders')).toEqual([{ n: 3002 }]);
  await shop.output(['verify', '--from', 'log']);
});

test('an embedded log that is full says so, and keeps what it has', async () => {
  const file = path.join(new Shop().dataDir, 'log.sqlite');
  await using log = openEmbeddedLog(file);
  await log.createTopic({ name: 't', partitions: 1, settings: {} });
  using limited = new LogFile(file);
  limited.database.exec('pragma max_page_count = 20');
  const fill = (): void =>
    limited.writing('LOG_APPEND_FAILED', () => {
      limited.database.exec(
        "insert into published_checkpoints with recursive n(v) as (select 1 union all select v + 1 from n limit 50000) select 'g', 't', v, 0 from n",
      );
    });
  expect(fill).toThrow(expect.objectContaining({ code: 'DISK_FULL', place: file }) as Error);
  expect((await log.offsets(['t']))[0]).toMatchObject({ low: 0, end: 0 });
});

test('what the system says of a full disk is told from other errors', () => {
  let full: unknown;
  try {
    writeFileSync('/dev/full', 'x');
  } catch (error) {
    full = error;
  }
  expect(diskFull(full, 'here')).toMatchObject({ code: 'DISK_FULL', place: 'here' });
  expect(diskFull(new Error('ENOENT: no such file or directory'), 'here')).toBeNull();
});
