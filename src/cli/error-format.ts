import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * How errors are printed: as the settings say (`--set`, flag, environment, `lens.yml`), but found without reading them
 * all, since what is wrong may be the settings or the command line itself.
 */
export function errorFormat(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): 'text' | 'json' {
  const set = valuesOf('--set', args).findLast((value) => value.startsWith('logFormat='));
  const given =
    set?.slice('logFormat='.length) ?? valuesOf('--log-format', args).at(-1) ?? nonEmpty(env['LENS_LOG_FORMAT']);
  return (given ?? inFile(valuesOf('--project-dir', args).at(-1) ?? nonEmpty(env['LENS_PROJECT_DIR']) ?? '.')) ===
    'json'
    ? 'json'
    : 'text';
}

function valuesOf(flag: string, args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    if (arg === flag) return args[i + 1] ?? [];
    return arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : [];
  });
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function inFile(projectDir: string): string | undefined {
  try {
    const text = readFileSync(path.join(projectDir, 'lens.yml'), 'utf8');
    return /^logFormat:\s*["']?(\w+)/m.exec(text)?.[1];
  } catch {
    // No file, or none that can be read: the error at hand says so if it matters.
    return undefined;
  }
}
