import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lens, LensProcess } from './lens-process.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const dataDir = mkdtempSync(path.join(tmpdir(), 'lens-demo-'));
const flags = ['--project-dir', project, '--data-dir', dataDir];
const sample = ['--prompts', '60', '--users', '20', '--generations', '300'];

/** Rows of a table in the last summary printed. */
function rows(stdout: string, table: string): number {
  const found = [...stdout.matchAll(new RegExp(`^${table} +([\\d,]+)$`, 'gm'))].at(-1)?.[1] ?? '';
  return Number(found.replaceAll(',', ''));
}

test('bounded: sample, every model, summary, exit 0; again it has nothing left to do', async () => {
  const first = await lens(['demo', '--once', ...sample, ...flags]);
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatch(/^topic users: .*created/m);
  expect(first.stdout).toMatch(/^batch: /m);
  expect(first.stdout).toMatch(/^compaction: .*fct_sessions/m);
  expect(rows(first.stdout, 'fct_generations')).toBe(300);
  expect(rows(first.stdout, 'dim_users')).toBe(20);
  expect(rows(first.stdout, 'raw_prompt_enrichments')).toBe(60);
  expect(rows(first.stdout, 'fct_sessions')).toBeGreaterThan(0);

  const second = await lens(['demo', '--once', ...sample, ...flags]);
  expect(second.code).toBe(0);
  expect(second.stdout).not.toMatch(/^batch: /m);
  expect(rows(second.stdout, 'fct_generations')).toBe(300);
});

test('live: goes on where it stopped, answers queries, and stops at a signal with a summary', async () => {
  const demo = new LensProcess(['demo', ...sample, '--rate', '50', ...flags]);
  await demo.until(/^live: [\s\S]*^batch: /m);
  const sql = 'select count(*) as n from fct_generations';
  const asked = await lens(['query', sql, '--format', 'csv', ...flags]);
  expect(Number(asked.stdout.split('\n')[1])).toBeGreaterThan(300);
  demo.child.kill('SIGINT');
  const end = await demo.result;
  expect([end.code, end.stderr]).toEqual([0, '']);
  const total = rows(end.stdout, 'fct_generations');
  expect(total).toBeGreaterThan(300);
  expect((await lens(['query', sql, '--format', 'csv', ...flags])).stdout).toBe(`n\n${total}\n`);
});
