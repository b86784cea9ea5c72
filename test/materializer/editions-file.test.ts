import fs, { mkdtempSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { firstEditions, readEditions, writeEditions } from '../../src/materializer/editions-file.ts';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test('what editions there are is durable: the file first, then its name in the folder', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-editions-'));
  const done: string[] = [];
  const { open, rename } = fs.promises;
  vi.spyOn(fs.promises, 'open').mockImplementation(async (name, flags) => {
    const handle = await open(name, flags);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      done.push(`sync ${path.relative(dir, name as string)}`);
    };
    return handle;
  });
  vi.spyOn(fs.promises, 'rename').mockImplementation(async (from, to) => {
    await rename(from, to);
    done.push(`rename ${path.relative(dir, from as string)}`);
  });
  syncBuiltinESMExports();
  const editions = firstEditions('2026-11-27T00:00:00Z');
  await writeEditions(dir, editions);
  expect(done).toEqual(['sync editions.json.new', 'rename editions.json.new', 'sync ']);
  expect(readEditions(dir)).toEqual(editions);
});
