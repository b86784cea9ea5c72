import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lens, LensProcess, type LensResult } from './lens-process.ts';
import { lines, order, SHOP } from './shop.ts';

/** The shop with a model kept by compaction that fails on a note that is no number. */
const dir = mkdtempSync(path.join(tmpdir(), 'lens-failing-'));
const flags = ['--project-dir', path.join(dir, 'shop'), '--data-dir', path.join(dir, 'data')];
const failure = /^model note_numbers failed: .*'seven'/m;

beforeAll(async () => {
  cpSync(SHOP, path.join(dir, 'shop'), { recursive: true });
  writeFileSync(
    path.join(dir, 'shop/models/reports/note_numbers.sql'),
    "{{ config(materialized='table') }}\nselect cast(note as integer) as number from {{ source('web', 'orders') }}",
  );
  const input = lines([{ ...order(1, 'ann', '1.00'), note: 'seven' }]);
  expect((await lens(['produce', 'orders', ...flags], { input })).code).toBe(0);
});

async function called(...args: string[]): Promise<LensResult> {
  return lens([...args, ...flags]);
}

test('run and compact name it and exit 1, status says failed', async () => {
  const run = await called('run');
  expect([run.code, run.stderr]).toEqual([1, '']);
  expect(run.stdout).toMatch(/^\S+ {2}Failure in model note_numbers \(models\/reports\/note_numbers\.sql\)$/m);
  expect(run.stdout).toMatch(/^ {2}Conversion Error: .*'seven'/m);
  expect(run.stdout).toMatch(/Done\. PASS=6 WARN=0 ERROR=1 SKIP=0 NO-OP=0 TOTAL=7\n$/);
  const compact = await called('compact');
  expect([compact.code, compact.stderr]).toEqual([1, expect.stringMatching(failure) as string]);
  expect(compact.stdout).toMatch(/^compaction: .*daily_sales.*, failed: note_numbers, /m);
  expect((await called('compact', '--quiet')).stderr).toMatch(failure);
  expect((await called('status')).stdout).toMatch(/^project +shop, failed$/m);
  const status = JSON.parse((await called('status', '--json')).stdout) as unknown;
  expect(status).toMatchObject({ state: 'failed', lag: 0, logProblem: null });
});

test('the service logs it as an error, and compact through it is the same', async () => {
  const service = new LensProcess(['start', '--log-format', 'json', ...flags]);
  try {
    await service.until(/"event":"ready"/);
    const compact = await called('compact');
    expect([compact.code, compact.stderr]).toEqual([1, expect.stringMatching(failure) as string]);
    expect(compact.stdout).toMatch(/, failed: note_numbers, /);
    await service.until(/"event":"model-failed"/);
    const told = service.stderr.split('\n').find((line) => line.includes('"event":"model-failed"')) ?? '';
    expect(JSON.parse(told)).toMatchObject({ level: 'error', model: 'note_numbers' });
  } finally {
    service.child.kill('SIGTERM');
    await service.result;
  }
});
