import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LensError } from '../core/errors.ts';
import { fnmatch, isPattern, matchedPath } from './fnmatch.ts';
import type { Project } from './project-contract.ts';
import type { PreviousState } from './previous-state.ts';
import type { Resource } from './resource-graph.ts';
import type { Criterion } from './selection-spec.ts';
import { fresherSources, idsWithResult, StateComparison } from './state-comparison.ts';

/** What a criterion is asked about. */
export interface SelectionContext {
  readonly project: Project;
  /** Of `--state`. */
  readonly state: PreviousState | undefined;
  /** The project as its manifest has it. */
  manifest(): Readonly<Record<string, unknown>>;
}

type Matcher = (resource: Resource) => boolean;
type Method = (value: string, context: SelectionContext, criterion: Criterion) => Matcher;

/** Whether a resource is what a criterion names, by dbt's methods. USAGE for a value that the method does not take. */
export function matcherOf(criterion: Criterion, context: SelectionContext): Matcher {
  const method = METHODS[criterion.method] as Method;
  return method(String(criterion.value), context, criterion);
}

/** https://docs.getdbt.com/reference/node-selection/methods, after dbt-core's graph/selector_methods.py. */
const METHODS: Readonly<Record<string, Method>> = {
  fqn: (value) => (one) => one.resourceType !== 'source' && matchesFqn(one.fqn, value, one.version !== null),
  tag: (value) => (one) => one.tags.some((tag) => fnmatch(tag, value)),
  group: (value) => (one) => isNode(one) && fnmatch(textOf(one.config['group']), value) && one.config['group'] !== null,
  access: (value) => (one) => one.resourceType === 'model' && one.config['access'] === value,
  source: (value) => matchesSource(namePatterns('source', value, 3)),
  exposure: (value) => matchesName('exposure', namePatterns('exposure', value, 2)),
  unit_test: (value) => matchesName('unit_test', namePatterns('unit_test', value, 2)),
  path: (value, { project }) => matchesPath(value, project),
  file: (value) => (one) => {
    const name = one.path.split('/').at(-1) as string;
    return fnmatch(name, value) || fnmatch(name.replace(/(?<=.)\.[^.]*$/, ''), value);
  },
  package: (value, { project }) => {
    const name = value === 'this' ? project.name : value;
    return (one) => fnmatch(one.packageName, name);
  },
  config:
    (_, __, { path, value }) =>
    (one) =>
      (isNode(one) || one.resourceType === 'source') && matchesConfig(one.config, path, value),
  resource_type: (value) => {
    if (!NODE_TYPES.has(value)) throw badValue(`Invalid resource_type selector "${value}"`, [...NODE_TYPES]);
    return (one) => one.resourceType === value;
  },
  test_name: (value) => (one) =>
    one.resourceType === 'unit_test' ? fnmatch(one.name, value) : one.testName !== null && fnmatch(one.testName, value),
  test_type: (value) => {
    const kinds = TEST_TYPES[value];
    if (kinds === undefined) throw badValue(`Invalid test type selector ${value}`, Object.keys(TEST_TYPES));
    return (one) => one.testKind !== null && kinds.includes(one.testKind);
  },
  state: (value, context) => {
    const { state } = context;
    if (state === undefined || state.manifest === null) throw missing('state', 'manifest.json', state);
    return new StateComparison(context.manifest(), state.manifest).matcher(value);
  },
  result: (value, { state }) => {
    if (state === undefined || state.runResults === null) throw missing('result', 'run_results.json', state);
    return among(idsWithResult(state.runResults, value));
  },
  source_status: (value, { state }) => {
    if (state === undefined || state.sources === null) throw missing('source_status', 'sources.json', state);
    if (state.currentSources === null) {
      throw new LensError(
        'USAGE',
        'source_status: compares with the sources.json of the target folder, which is not there',
        {
          hint: 'lens freshness, or dbt source freshness, writes it',
        },
      );
    }
    return among(value === 'fresher' ? fresherSources(state.currentSources, state.sources) : new Set());
  },
  version: (value) => {
    if (!VERSIONS.includes(value)) throw badValue(`Invalid version type selector ${value}`, VERSIONS);
    return (one) => one.resourceType === 'model' && value === versionKind(one.version);
  },
};

/** dbt's resource types; of some of them this product never has any. */
const NODE_TYPES: ReadonlySet<string> = new Set(
  `model analysis test snapshot operation seed rpc sql_operation doc source macro exposure metric group saved_query
  semantic_model unit_test fixture function`.split(/\s+/),
);

/** `schema` and `data` are dbt's older words. */
const TEST_TYPES: Readonly<Record<string, readonly string[]>> = {
  generic: ['generic'],
  schema: ['generic'],
  data: ['generic', 'singular'],
  singular: ['singular'],
  unit: ['unit'],
};

/** dbt's words for a version beside the latest one. */
function versionKind(version: Resource['version']): string {
  if (version === null) return 'none';
  const { v, latest } = version;
  if (v === latest) return 'latest';
  const after = typeof v === 'number' && typeof latest === 'number' ? v > latest : String(v) > String(latest);
  return after ? 'prerelease' : 'old';
}

const VERSIONS: readonly string[] = ['latest', 'prerelease', 'old', 'none'];

/** Whether dbt counts it among `nodes`: what has SQL or rows of its own. */
function isNode({ resourceType }: Resource): boolean {
  return ['model', 'seed', 'test', 'analysis'].includes(resourceType);
}

/** A name, the front of a fqn, or all of it when there are wild cards; with or without the package. */
function matchesFqn(fqn: readonly string[], value: string, versioned: boolean): boolean {
  return isSelected(fqn, value, versioned) || isSelected(fqn.slice(1), value, versioned);
}

function isSelected(fqn: readonly string[], value: string, versioned: boolean): boolean {
  const leaf = fqn.at(-1);
  if (leaf === undefined) return false;
  // a version by the name all share, or by `name.v1` and `name_v1`
  if (
    versioned
      ? fqn.at(-2) === value || fqn.slice(-2).join('_') === value.split('.').slice(-2).join('_')
      : leaf === value
  )
    return true;
  const parts = fqn.flatMap((part) => part.split('.'));
  const wanted = value.split('.');
  if (parts.length < wanted.length) return false;
  const wild = wanted.findIndex(isPattern);
  const plain = wild === -1 ? wanted : wanted.slice(0, wild);
  if (!plain.every((part, i) => parts[i] === part)) return false;
  if (wild === -1) return true;
  if (fnmatch(parts.slice(wild).join('.'), wanted.slice(wild).join('.'))) return true;
  return wanted.length === 1 && fnmatch((versioned ? fqn.at(-2) : leaf) ?? leaf, value);
}

function matchesPath(value: string, project: Project): Matcher {
  return (one) => {
    if (one.patchPath !== null && matchedPath(one.patchPath, value) === one.patchPath) return true;
    const found = matchedPath(one.path, value);
    // paths are those of the project's own folder: a package's count where the project has the same
    return found !== null && (one.packageName === project.name || existsSync(join(project.dir, found)));
  };
}

/** `NAME`, `PACKAGE.NAME`, and for sources `SOURCE`, `SOURCE.TABLE`, `PACKAGE.SOURCE.TABLE`; missing parts match all. */
function namePatterns(method: string, value: string, most: number): string[] {
  const parts = value.split('.');
  if (parts.length > most)
    throw badValue(`Invalid ${method} selector value "${value}"`, [
      method === 'source' ? 'source:SOURCE.TABLE' : `${method}:NAME`,
    ]);
  return parts;
}

function matchesSource(parts: readonly string[]): Matcher {
  const [packageName, source, table] =
    parts.length === 3 ? (parts as [string, string, string]) : ['*', parts[0] as string, parts[1] ?? '*'];
  return (one) =>
    one.sourceName !== null &&
    fnmatch(one.packageName, packageName) &&
    fnmatch(one.sourceName, source) &&
    fnmatch(one.name, table);
}

function matchesName(type: Resource['resourceType'], parts: readonly string[]): Matcher {
  const [packageName, name] = parts.length === 2 ? (parts as [string, string]) : ['*', parts[0] as string];
  return (one) => one.resourceType === type && fnmatch(one.packageName, packageName) && fnmatch(one.name, name);
}

/** Equal to the value, or among a list; `true` and `false` in any case for booleans, severity in any case. */
function matchesConfig(config: unknown, path: readonly string[], wanted: unknown): boolean {
  let value = config;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  const lower = String(wanted).toLowerCase();
  const equals = (one: unknown): boolean =>
    one === wanted ||
    (typeof one === 'boolean' && lower === String(one)) ||
    (path.join('.') === 'severity' && typeof one === 'string' && one.toLowerCase() === lower);
  return Array.isArray(value) ? value.some(equals) : equals(value);
}

function among(ids: ReadonlySet<string>): Matcher {
  return (one) => ids.has(one.uniqueId);
}

function missing(method: string, file: string, state: PreviousState | undefined): LensError {
  if (state === undefined) {
    return new LensError('USAGE', `Got a ${method} selector method, but no --state to compare with`, {
      hint: `--state names the folder with the ${file} of an earlier run`,
    });
  }
  return new LensError('USAGE', `Got a ${method} selector method, but there is no ${file} in ${state.dir}`, {
    hint: 'name the folder with the artifacts of an earlier run',
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function badValue(message: string, allowed: readonly string[]): LensError {
  return new LensError('USAGE', message, { hint: `use one of ${allowed.join(', ')}` });
}
