import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names files that dbt does not read, in the words of .gitignore. */
const IGNORE_FILE = '.dbtignore';

/** Whether `.dbtignore` of the project leaves a path out; the last pattern that matches decides, `!` takes it back in. */
export function ignoredFiles(dir: string): (path: string) => boolean {
  const file = join(dir, IGNORE_FILE);
  if (!existsSync(file)) return () => false;
  const rules = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ pattern: patternOf(line.replace(/^!/, '')), ignore: !line.startsWith('!') }));
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.ignore ?? false;
}

/** A pattern with a slash before its end counts from the project's folder, any other at every depth. */
function patternOf(line: string): RegExp {
  const folderOnly = line.endsWith('/');
  const body = line.replace(/\/$/, '');
  const anchored = body.includes('/');
  const source = body
    .replace(/^\//, '')
    .replaceAll(/\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]]*\]|\\.|[.+^${}()|\]\\[]/g, (part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '/**') return '/.*';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      if (part.startsWith('[') && part.length > 1) return part.replace(/^\[!/, '[^');
      return part.startsWith('\\') ? part : `\\${part}`;
    });
  // what matches a folder holds for all below it
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}${folderOnly ? '/.*' : '(?:/.*)?'}$`);
}
