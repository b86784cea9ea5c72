import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../src/core/make-folder.ts';

it('makes folders, and fails where one cannot be', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-folder-'));
  makeFolder(path.join(dir, 'a/b'));
  makeFolder(path.join(dir, 'a/b'));
  expect(existsSync(path.join(dir, 'a/b'))).toBe(true);
  writeFileSync(path.join(dir, 'file'), '');
  expect(() => makeFolder(path.join(dir, 'file'))).toThrow('EEXIST');
  expect(() => makeFolder(path.join(dir, 'file/below'))).toThrow(/EEXIST|ENOTDIR/);
});

it.runIf(existsSync('/proc/self'))('does not try for ever where nothing can be made', () => {
  expect(() => makeFolder('/proc/nowhere/below')).toThrow('ENOENT');
});
