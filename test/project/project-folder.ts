import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LensError } from '../../src/core/errors.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { LoadOptions, Project } from '../../src/project/project-contract.ts';

export const SHIPPED = path.resolve(import.meta.dirname, '../..');
export const SHOP = path.join(SHIPPED, 'test/fixtures/shop');

export type Files = Readonly<Record<string, string>>;

/** A project in a temporary folder: files by path, and a dbt_project.yml named `p` unless one is given. */
export function projectFolder(files: Files): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-project-'));
  for (const [name, text] of Object.entries({ 'dbt_project.yml': 'name: p\n', ...files })) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

export function projectOf(files: Files, options?: LoadOptions): Project {
  return loadProject(projectFolder(files), options);
}

/** Code, place, message and hint of the LensError that `body` throws. */
export function failureOf(body: () => unknown): { code: string; place: string; message: string; hint: string } {
  try {
    body();
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return { code: error.code, place: error.place ?? '', message: error.message, hint: error.hint ?? '' };
  }
  throw new Error('nothing was thrown');
}
