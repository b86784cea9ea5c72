import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LensError } from '../core/errors.ts';
import { isYamlRecord, YamlFile, type YamlRecord } from './yaml-file.ts';

export const PROJECT_FILE = 'dbt_project.yml';

/** What dbt_project.yml says. Paths are relative to the project's folder, those of a package, too. */
export interface ProjectFile {
  readonly yaml: YamlFile;
  /** The folder of a package; empty for the project itself. */
  readonly folder: string;
  readonly version: string | null;
  /** The name of its profile in profiles.yml. */
  readonly profile: string | null;
  readonly name: string;
  readonly modelPaths: readonly string[];
  readonly macroPaths: readonly string[];
  readonly testPaths: readonly string[];
  readonly seedPaths: readonly string[];
  readonly snapshotPaths: readonly string[];
  readonly analysisPaths: readonly string[];
  /** All folders with yml files that describe what is anywhere: dbt reads them alike. */
  readonly propertyPaths: readonly string[];
  /** Folders with Markdown files. */
  readonly docsPaths: readonly string[];
  /** Where compiled SQL and artifacts are written. */
  readonly targetPath: string;
  /** What `lens clean` removes; the target path unless said otherwise. */
  readonly cleanTargets: readonly string[];
  /** As they stand: of everybody, and in maps below the names of packages. */
  readonly vars: YamlRecord;
  /** `restrict-access`: whether protected and private models are for its own models alone. */
  readonly restrictsAccess: boolean;
  /** Where packages are installed. */
  readonly packagesPath: string;
  /** By macro namespace: the packages in which `adapter.dispatch` looks, in this order. */
  readonly dispatch: ReadonlyMap<string, readonly string[]>;
  /** The trees of `models:`, `data_tests:` (or `tests:`) and the others, not yet rendered. */
  readonly models: YamlRecord;
  readonly tests: YamlRecord;
  readonly sources: YamlRecord;
  readonly seeds: YamlRecord;
  readonly exposures: YamlRecord;
  readonly unitTests: YamlRecord;
}

/** Reads dbt_project.yml. PROJECT_NOT_FOUND when the folder has none, PROJECT_INVALID with the line for what is wrong. */
export function readProjectFile(dir: string, folder = ''): ProjectFile {
  const below = (path: string): string => (folder === '' ? path : `${folder}/${path}`);
  if (!existsSync(join(dir, below(PROJECT_FILE)))) {
    const problem = isFolder(dir) ? `there is no ${PROJECT_FILE} in ${dir}` : `there is no folder ${dir}`;
    throw new LensError('PROJECT_NOT_FOUND', problem, {
      place: dir,
      hint: 'name the folder of a dbt project with --project-dir',
    });
  }
  const yaml = YamlFile.read(dir, below(PROJECT_FILE));
  const data = yaml.record(yaml.data, []);
  const name = yaml.string(data['name'], ['name']);
  if (!/^\w+$/.test(name)) throw yaml.invalid(['name'], 'name may hold letters, digits and _ only');
  const paths = (key: string, ...fallback: string[]): string[] =>
    (data[key] === undefined ? fallback : yaml.strings(data[key], [key])).map((path) =>
      below(path.replace(/^\.\/|\/+$/g, '')),
    );
  const folders = {
    modelPaths: paths(
      data['model-paths'] === undefined && data['source-paths'] !== undefined ? 'source-paths' : 'model-paths',
      'models',
    ),
    macroPaths: paths('macro-paths', 'macros'),
    testPaths: paths('test-paths', 'tests'),
    seedPaths: paths(
      data['seed-paths'] === undefined && data['data-paths'] !== undefined ? 'data-paths' : 'seed-paths',
      'seeds',
    ),
    snapshotPaths: paths('snapshot-paths', 'snapshots'),
    analysisPaths: paths('analysis-paths', 'analyses'),
  };
  const targetPath = data['target-path'] === undefined ? 'target' : yaml.string(data['target-path'], ['target-path']);
  const propertyPaths = [...new Set(Object.values(folders).flat())];
  return {
    yaml,
    name,
    ...folders,
    propertyPaths,
    targetPath,
    cleanTargets: data['clean-targets'] === undefined ? [targetPath] : paths('clean-targets'),
    folder,
    version:
      data['version'] === undefined || data['version'] === null ? null : yaml.string(data['version'], ['version']),
    profile:
      data['profile'] === undefined || data['profile'] === null ? null : yaml.string(data['profile'], ['profile']),
    docsPaths: data['docs-paths'] === undefined ? propertyPaths : paths('docs-paths'),
    vars: yaml.record(data['vars'], ['vars']),
    restrictsAccess: data['restrict-access'] === true,
    packagesPath: yaml.string(data['packages-install-path'], ['packages-install-path'], 'dbt_packages'),
    dispatch: readDispatch(yaml, data),
    models: yaml.record(data['models'], ['models']),
    tests: { ...yaml.record(data['tests'], ['tests']), ...yaml.record(data['data_tests'], ['data_tests']) },
    sources: yaml.record(data['sources'], ['sources']),
    seeds: yaml.record(data['seeds'], ['seeds']),
    exposures: yaml.record(data['exposures'], ['exposures']),
    unitTests: yaml.record(data['unit_tests'], ['unit_tests']),
  };
}

function readDispatch(yaml: YamlFile, data: YamlRecord): ReadonlyMap<string, readonly string[]> {
  return new Map(
    yaml.list(data['dispatch'], ['dispatch']).map((entry, i) => {
      const at = ['dispatch', i];
      const { macro_namespace: namespace, search_order: order } = yaml.record(entry, at);
      return [yaml.string(namespace, [...at, 'macro_namespace']), yaml.strings(order, [...at, 'search_order'])];
    }),
  );
}

function isFolder(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** `flags:` of dbt_project.yml, by dbt's names; empty when there is no such file, or it cannot be read: whoever reads the project says so. */
export function projectFlags(dir: string): YamlRecord {
  try {
    const flags = YamlFile.read(dir, PROJECT_FILE).data;
    return isYamlRecord(flags) && isYamlRecord(flags['flags']) ? flags['flags'] : {};
  } catch (error) {
    if (error instanceof LensError) return {};
    throw error;
  }
}
