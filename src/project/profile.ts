import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { isYamlRecord, YamlFile } from './yaml-file.ts';

const PROFILES_FILE = 'profiles.yml';

/** What `target` is in templates. */
export interface Target {
  readonly name: string;
  readonly schema: string;
  readonly profile: string;
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
 * warehouse. PROJECT_INVALID for a target that the profile does not have.
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
  const fallback = { name: asked.name ?? 'dev', schema: asked.schema ?? 'main', profile };
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
  return { name, schema: asked.schema ?? schema, profile };
}
