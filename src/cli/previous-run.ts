import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseExactJson } from '../core/exact-json.ts';
import { LensError } from '../core/errors.ts';

/** What `run_results.json` says of the last command. */
export interface PreviousRun {
  /** `run`, `build`, `test`, ... */
  readonly which: string;
  /** Its flags by dbt's names. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly results: readonly { readonly unique_id: string; readonly status: string }[];
}

/** dbt's statuses of what is run again. */
const RETRYABLE: ReadonlySet<string> = new Set(['error', 'fail', 'skipped', 'runtime error', 'partial success']);

/** USAGE when the folder has no `run_results.json`, or one that cannot be read. */
export function readPreviousRun(folder: string): PreviousRun {
  const file = path.join(folder, 'run_results.json');
  const hint =
    'lens retry runs again what failed in the last lens run, build, test, seed or run-operation, by the artifact they write';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LensError('USAGE', `could not find a previous run in ${folder}`, { place: file, hint, cause });
  }
  try {
    const { args: flags, results } = JSON.parse(text) as Omit<PreviousRun, 'which'>;
    const { args: exact } = parseExactJson(text) as Pick<PreviousRun, 'args'>;
    const args: PreviousRun['args'] = { ...flags, vars: exact['vars'], args: exact['args'] };
    if (typeof args['which'] === 'string' && Array.isArray(results)) return { which: args['which'], args, results };
  } catch {
    // Said below, as for a file of another kind.
  }
  throw new LensError('USAGE', 'the previous run cannot be read', { place: file, hint });
}

/** Unique ids of what failed or was skipped; of warnings, too, when they count as failures. */
export function retryable({ results }: PreviousRun, warnings: boolean): Set<string> {
  const failed = results.filter(({ status }) => RETRYABLE.has(status) || (warnings && status === 'warn'));
  return new Set(failed.map(({ unique_id }) => unique_id));
}
