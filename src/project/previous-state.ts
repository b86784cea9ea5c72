import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileProblem, LensError } from '../core/errors.ts';

type Json = Readonly<Record<string, unknown>>;

/** What an earlier run, of dbt or of this product, has left: the artifacts of a folder. Null where a file is missing. */
export interface PreviousState {
  readonly dir: string;
  readonly manifest: Json | null;
  readonly runResults: Json | null;
  readonly sources: Json | null;
  /** `sources.json` of the target folder, which `source_status:fresher` compares with that of the state. */
  readonly currentSources: Json | null;
}

/** Reads the artifacts of `--state DIR`. USAGE when there is no such folder, or a file in it is no JSON object. */
export function readState(dir: string, targetDir: string): PreviousState {
  if (!existsSync(dir)) {
    throw new LensError('USAGE', `there is no folder ${dir} for --state`, {
      hint: 'name the folder with the manifest.json of an earlier run, not the target folder of this one',
    });
  }
  return {
    dir,
    manifest: artifact(join(dir, 'manifest.json')),
    runResults: artifact(join(dir, 'run_results.json')),
    sources: artifact(join(dir, 'sources.json')),
    currentSources: artifact(join(targetDir, 'sources.json')),
  };
}

function artifact(file: string): Json | null {
  if (!existsSync(file)) return null;
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Json;
    throw new Error('it is no object');
  } catch (error) {
    throw new LensError('USAGE', `${file} cannot be read: ${fileProblem(error)}`, {
      place: file,
      hint: 'dbt and lens write it whole; make it anew',
      cause: error,
    });
  }
}
