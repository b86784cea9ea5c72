import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ignoredFiles } from './ignore-file.ts';

/**
 * Files below a folder of the project whose names end so and that `.dbtignore` does not name, sorted; relative to the
 * project, with forward slashes.
 */
export function filesBelow(dir: string, folder: string, ending: RegExp): string[] {
  if (!(statSync(join(dir, folder), { throwIfNoEntry: false })?.isDirectory() ?? false)) return [];
  const ignored = ignoredFiles(dir);
  return readdirSync(join(dir, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => ending.test(path) && !path.split('/').some((part) => part.startsWith('.')))
    .map((path) => `${folder}/${path}`)
    .filter((path) => !ignored(path))
    .sort();
}

/** The text of a file of the project. */
export function fileText(dir: string, path: string): string {
  return readFileSync(join(dir, path), 'utf8').replace(/^\uFEFF/, '');
}

/** The file's name without folders and ending. */
export function stem(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(/\.\w+$/, '');
}

/** The folders of a path below one of the given roots. */
export function foldersBelow(path: string, roots: readonly string[]): string[] {
  const root = roots.find((one) => path.startsWith(`${one}/`));
  return (root === undefined ? path : path.slice(root.length + 1)).split('/').slice(0, -1);
}
