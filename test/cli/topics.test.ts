import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lens } from './lens-process.ts';
import { SHOP } from './shop.ts';

test('another number of partitions: apply, check and run say the same remedy and exit 1', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-topics-'));
  const flags = ['--project-dir', path.join(dir, 'shop'), '--data-dir', path.join(dir, 'data')];
  cpSync(SHOP, path.join(dir, 'shop'), { recursive: true });
  const contract = path.join(dir, 'shop/topics/orders/topic.yml');
  expect((await lens(['topics', 'apply', ...flags])).code).toBe(0);
  const before = readFileSync(contract, 'utf8');
  const partitions = Number(/^partitions: (\d+)/m.exec(before)?.[1]);
  writeFileSync(contract, before.replace(/^partitions: \d+/m, `partitions: ${partitions + 1}`));
  const remedy = /hint: set partitions in topics\/orders\/topic\.yml to what the topic has, or make a new topic/;
  const says = expect.stringMatching(remedy) as string;
  for (const args of [['topics', 'apply'], ['topics', 'check'], ['run']]) {
    const result = await lens([...args, ...flags]);
    // What differs is the result of check, and an error of the others.
    const printed = args[1] === 'check' ? [says, ''] : ['', says];
    expect([args, result.code, result.stdout, result.stderr]).toEqual([args, 1, ...printed]);
    expect(result.stdout + result.stderr).not.toContain('lens topics apply');
  }
});

test('without a project, without topics and to look at them no log is made', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-topics-'));
  const dataDir = path.join(dir, 'data');
  for (const command of ['apply', 'check']) {
    const outside = await lens(['topics', command], { cwd: dir });
    expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining('PROJECT_NOT_FOUND') as string]);
  }
  expect(readdirSync(dir)).toEqual([]);
  const missing = await lens(['topics', 'check', '--project-dir', SHOP, '--data-dir', dataDir]);
  expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('orders: differs missing') as string]);
  writeFileSync(path.join(dir, 'dbt_project.yml'), 'name: p\n');
  const none = await lens(['topics', 'apply'], { cwd: dir });
  expect([none.code, none.stdout]).toEqual([0, 'the project has no topics\n']);
  expect([existsSync(dataDir), readdirSync(dir)]).toEqual([false, ['dbt_project.yml']]);
});
