import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
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
