import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { LensProcess } from './lens-process.ts';
import { lines, order, Shop } from './shop.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** The last line; on a slow machine some of progress come before it. */
const interrupted = expect.stringMatching(/^(?:.*\d of \d.*\n)*interrupted before its end: .*\n$/) as string;
const shop = new Shop();
const orders = 6000;

beforeAll(async () => {
  await shop.output(
    ['produce', 'orders'],
    lines(Array.from({ length: orders }, (_, i) => order(i + 1, 'ann', '1.00'))),
  );
});

async function interruptedAt(args: string[], moment: RegExp): Promise<LensProcess> {
  const process = new LensProcess(args);
  await process.until(moment);
  process.child.kill('SIGINT');
  return process;
}

test('run stops at a commit, says so, and the next one goes on', async () => {
  const small = ['--set', 'batch.maxRecords=100', '--set', 'bulk.lagRecords=1000000'];
  const run = await interruptedAt(['run', ...small, ...shop.flags], / {2}batch: /);
  expect(await run.result).toMatchObject({ code: 1, signal: null, stderr: interrupted });
  const [{ n }] = (await shop.rows('select count(*) as n from raw_orders')) as [{ n: number }];
  expect(n).toBeGreaterThan(0);
  expect(n).toBeLessThan(orders);
  expect(await shop.output(['run'])).toMatch(
    new RegExp(`  done: ${(orders - n).toLocaleString('en-US')} records`, 'm'),
  );
});

test('a full refresh leaves the tables as they were', async () => {
  const args = ['run', '--full-refresh', '--set', 'batch.maxRecords=20', ...shop.flags];
  const run = await interruptedAt(args, / {2}replay: /);
  expect(await run.result).toMatchObject({ code: 1, stderr: interrupted });
  expect(await shop.rows('select count(*) as n from raw_orders')).toEqual([{ n: orders }]);
});

test('the bounded demo and ingest', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'lens-interrupted-'));
  const flags = ['--project-dir', project, '--data-dir', dataDir];
  const sample = ['--prompts', '300', '--users', '30', '--generations', '5000', '--set', 'batch.maxRecords=50'];
  const demo = await interruptedAt(['demo', '--once', ...sample, ...flags], /^batch: /m);
  expect(await demo.result).toMatchObject({ code: 1, stderr: interrupted });
  const ingest = await interruptedAt(['ingest', 'users', '--count', '3000000', ...flags], /^ingesting|: [\d,]+ of /m);
  expect(await ingest.result).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^interrupted before its end/m) as string,
  });
}, 60_000);
