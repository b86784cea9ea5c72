import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { pythonText } from './python-text.ts';
import { isYamlRecord, YamlFile, type YamlRecord } from './yaml-file.ts';

const PROFILES_FILE = 'profiles.yml';

/** What `target` is in templates. */
export interface Target {
  readonly name: string;
  readonly schema: string;
  readonly profile: string;
  /** What its output asks of DuckDB and is not done here, a sentence each with its place. */
  readonly undone: readonly string[];
}

export interface TargetRequest {
  /** As `--target` says: an output of the profile. */
  readonly name?: string | undefined;
  readonly schema?: string | undefined;
  /** In place of the project's own. */
  readonly profile?: string | undefined;
  /** Folder of profiles.yml. PROJECT_INVALID when it has none. */
  readonly profilesDir?: string | undefined;
}

/**
 * The target of a project: what is asked for, else what its profile says, else `dev` in the schema `main`. The profile is looked
 * for as dbt does: in DBT_PROFILES_DIR, in the project's folder, in `~/.dbt`. Of an output only its schema is used: there is one
 * warehouse, which `lens.yml` sets up. PROJECT_INVALID for a target that the profile does not have.
 */
export function resolveTarget(
  dir: string,
  project: { readonly name: string; readonly profile: string | null },
  asked: TargetRequest,
  env: Readonly<Record<string, string | undefined>>,
  render: (value: unknown, place: string) => unknown,
): Target {
  const named = asked.profile ?? project.profile;
  const profile = named ?? project.name;
  const fallback = { name: asked.name ?? 'dev', schema: asked.schema ?? 'main', profile, undone: [] };
  const { profilesDir } = asked;
  if (profilesDir !== undefined && !existsSync(join(profilesDir, PROFILES_FILE))) {
    throw new LensError('PROJECT_INVALID', `there is no ${PROFILES_FILE} in ${profilesDir}`, { place: profilesDir });
  }
  const places = [env['DBT_PROFILES_DIR'], dir, join(env['HOME'] ?? homedir(), '.dbt')];
  const folder = [profilesDir, ...places].find(
    (one) => one !== undefined && one !== '' && existsSync(join(one, PROFILES_FILE)),
  );
  if (folder === undefined || named === null) return fallback;
  const yaml = YamlFile.read(folder, PROFILES_FILE);
  const profiles = yaml.record(yaml.data, []);
  const found = profiles[profile];
  if (!isYamlRecord(found)) {
    if (asked.profile === undefined) return fallback;
    throw yaml.invalid([], `Could not find profile named '${profile}'`, `it has ${Object.keys(profiles).join(', ')}`);
  }
  const outputs = yaml.record(found['outputs'], [profile, 'outputs']);
  const place = yaml.place([profile]);
  const name = asked.name ?? yaml.string(render(found['target'], place), [profile, 'target'], 'default');
  const output = outputs[name];
  if (!isYamlRecord(output)) {
    const names = Object.keys(outputs);
    const near = closestName(name, names);
    throw yaml.invalid(
      [profile, 'outputs'],
      `The profile '${profile}' does not have a target named '${name}'.`,
      near === undefined ? `its targets are ${names.join(', ')}` : `did you mean ${near}?`,
    );
  }
  const schema = yaml.string(render(output['schema'], place), [profile, 'outputs', name, 'schema'], 'main');
  const undone = undoneOf(yaml, [profile, 'outputs', name], output);
  return { name, schema: asked.schema ?? schema, profile, undone };
}

/** Extensions that are part of DuckDB as it comes. */
const BUILT_IN: ReadonlySet<string> = new Set(['autocomplete', 'core_functions', 'icu', 'json', 'parquet']);
/** Settings of DuckDB that lens.yml has. */
const OF_LENS: Readonly<Record<string, string>> = {
  threads: 'warehouse.threads',
  worker_threads: 'warehouse.threads',
  memory_limit: 'warehouse.memoryLimit',
  max_memory: 'warehouse.memoryLimit',
};
/** Keys of dbt-duckdb that let SQL reach out of the warehouse. */
const OUTSIDE = ['attach', 'secrets', 'plugins', 'filesystems', 'is_ducklake'];
const CLOSED = 'the warehouse is opened without access to anything outside of it';

/** What dbt-duckdb would do at the start of each connection. */
function undoneOf(yaml: YamlFile, at: readonly (string | number)[], output: YamlRecord): string[] {
  const said = (key: string, what: string, why: string): string => `${yaml.place([...at, key])}: ${what}: ${why}`;
  const extensions = Array.isArray(output['extensions']) ? (output['extensions'] as unknown[]) : [];
  const names = extensions.map((one) => pythonText(isYamlRecord(one) ? one['name'] : one).toLowerCase());
  const missing = names.filter((name) => !BUILT_IN.has(name));
  const settings = ['settings', 'config_options'].flatMap((key) => {
    const given = output[key];
    if (!isYamlRecord(given)) return [];
    const made = Object.entries(given).map(([name, value]) => ({ key, name: name.toLowerCase(), value }));
    return made.filter(({ name, value }) => name !== 'timezone' || value !== 'UTC');
  });
  return [
    ...missing.map((name) => said('extensions', `the extension ${name} is not loaded`, CLOSED)),
    ...settings.map(({ key, name }) => {
      const own = OF_LENS[name];
      const why =
        own === undefined ? 'models are kept with the same settings everywhere' : `${own} of lens.yml is its place`;
      return said(key, `the setting ${name} is not made`, why);
    }),
    ...OUTSIDE.filter((key) => output[key] !== undefined && output[key] !== null).map((key) =>
      said(key, `${key} is not used`, CLOSED),
    ),
  ];
}
