import type { Command } from 'commander';
import { parse } from 'yaml';
import { LensError } from '../core/errors.ts';
import { yamlProblem } from '../core/yaml-schema.ts';
import type { Settings } from '../core/settings.ts';
import type { Project } from '../project/project-contract.ts';
import { openProject } from '../service/open-project.ts';

export interface WarnFlags {
  readonly warnError?: boolean;
  readonly warnErrorOptions?: string;
}

export function addWarnFlags(command: Command): Command {
  return command
    .option('--warn-error', 'every warning is an error: of tests, of the project, of a selection that matches nothing')
    .option('--warn-error-options <yaml>', "which are: '{error: all, warn: [LogTestResult]}'");
}

/**
 * dbt's warnings that can be told apart here, by the names of its events: a data test that warns, a criterion that matches nothing, and nothing
 * selected at all. All others are warnings about the project.
 */
export type WarningName = 'LogTestResult' | 'NoNodesForSelectionCriteria' | 'NothingToDo' | 'project';

const KEYS = ['error', 'include', 'warn', 'exclude', 'silence'];

/** Whether a warning is an error, by `--warn-error` and `--warn-error-options`. USAGE when these cannot be read. */
export function isError(name: WarningName, { warnError, warnErrorOptions }: WarnFlags): boolean {
  if (warnErrorOptions === undefined) return warnError === true;
  if (warnError === true) throw invalid('--warn-error and --warn-error-options exclude each other');
  const options = readOptions(warnErrorOptions);
  const named = (key: string): boolean => options.get(key)?.includes(name) === true;
  if (named('warn') || named('exclude') || named('silence')) return false;
  return [...(options.get('error') ?? []), ...(options.get('include') ?? [])].some((one) =>
    [name, 'all', '*'].includes(one),
  );
}

/**
 * The project of the settings' folder; PROJECT_INVALID with its warnings when these are errors.
 *
 * @param open for a project with the rows that its templates ask for
 */
export async function openStrictProject(
  settings: Settings,
  flags: WarnFlags,
  open: (settings: Settings) => Promise<Project> = openProject,
): Promise<Project> {
  const isStrict = isError('project', flags);
  const project = await open(settings);
  if (isStrict && project.warnings.length > 0) {
    throw new LensError('PROJECT_INVALID', project.warnings.join('\n'), {
      hint: '--warn-error, or --warn-error-options, makes a warning an error',
    });
  }
  return project;
}

function readOptions(text: string): ReadonlyMap<string, readonly string[]> {
  let read: unknown;
  try {
    read = parse(text);
  } catch (error) {
    throw invalid(`--warn-error-options is no YAML: ${yamlProblem(error)}`);
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) {
    throw invalid('--warn-error-options must be a map');
  }
  return new Map(
    Object.entries(read).map(([key, value]: [string, unknown]) => {
      if (!KEYS.includes(key)) throw invalid(`--warn-error-options has no ${key}, only ${KEYS.join(', ')}`);
      const names = Array.isArray(value) ? value : [value];
      if (!names.every((name): name is string => typeof name === 'string')) {
        throw invalid(`${key} of --warn-error-options must be names, or all`);
      }
      return [key, names];
    }),
  );
}

function invalid(what: string): LensError {
  return new LensError('USAGE', what, { hint: "write --warn-error-options '{error: all, warn: [LogTestResult]}'" });
}
