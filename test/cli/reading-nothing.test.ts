import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { customer, lines, Shop } from './shop.ts';

test.each([['status'], ['lag'], ['query', 'select 1'], ['compact']])(
  '%s on a data folder without a warehouse says so and creates nothing',
  async (...args) => {
    const shop = new Shop();
    const empty = await shop.lens(args);
    expect(empty).toMatchObject({ code: 2, stdout: '' });
    expect(empty.stderr).toMatch(/^error WAREHOUSE_MISSING: .*\n {2}at .*warehouse\.duckdb\n {2}hint: .*lens run/);
    expect(readdirSync(shop.dataDir)).toEqual([]);
    rmSync(shop.dataDir, { recursive: true });
    expect(await shop.lens(args)).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(shop.dataDir)).toBe(false);
  },
);

test('a warehouse whose log does not answer: query works, status says unknown and why, lag fails', async () => {
  const shop = new Shop();
  await shop.output(['produce', 'customers'], lines([customer('ann', 'de')]));
  await shop.output(['run']);
  const kafka = ['--brokers', '127.0.0.1:1'];
  const broken = JSON.parse(await shop.output(['status', '--json', ...kafka])) as unknown;
  expect(broken).toMatchObject({ state: 'unknown', lag: null, logProblem: expect.stringContaining('127.0.0.1:1') });
  for (const name of readdirSync(shop.dataDir)) {
    if (name.startsWith('log.sqlite')) rmSync(path.join(shop.dataDir, name));
  }
  expect(await shop.rows('select count(*) as n from dim_customers')).toEqual([{ n: 1 }]);
  expect(await shop.output(['status'])).toMatch(/^project +shop, unknown, the log does not answer: .*no log/m);
  expect((await shop.lens(['lag'])).stderr).toMatch(/^error LOG_UNREACHABLE: the data folder has no log/);
  expect((await shop.lens(['consume', 'customers'])).stderr).toMatch(/^error LOG_UNREACHABLE: /);
  expect(readdirSync(shop.dataDir)).not.toContain('log.sqlite');
}, 60_000);
