import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { closestName } from './closest-name.ts';
import { fileProblem, LensError } from './errors.ts';
import { readSettingsFile } from './settings-file.ts';
import { SETTINGS, type SettingDefinition } from './setting-table.ts';
import { parseSetting } from './setting-value.ts';

/** All settings, checked and with defaults filled in; one table (setting-table.ts) says what each means. */
export interface Settings {
  /** Absolute. */
  readonly projectDir: string;
  /** As given: relative to the current folder, or absolute. */
  readonly dataDir: string;
  /** Empty: the embedded log. */
  readonly brokers: readonly string[];
  readonly registry: string | undefined;
  readonly kafka: KafkaSettings;
  readonly batch: { readonly maxRecords: number; readonly maxMilliseconds: number };
  readonly bulk: { readonly lagRecords: number };
  readonly compaction: { readonly intervalSeconds: number };
  readonly models: { readonly onFailure: 'leave' | 'stop' };
  readonly warehouse: { readonly memoryLimit: string | undefined; readonly threads: number | undefined };
  readonly service: { readonly port: number };
  readonly logFormat: 'text' | 'json';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly quiet: boolean;
  readonly vars: Readonly<Record<string, unknown>>;
  /** What is not set follows from dbt's profiles.yml. */
  readonly target: {
    readonly name: string | undefined;
    readonly schema: string | undefined;
    readonly profile: string | undefined;
    /** Absolute. */
    readonly profilesDir: string | undefined;
  };
}

export interface KafkaSettings {
  readonly group: string;
  readonly ssl: boolean;
  /** Paths of PEM files, as given. */
  readonly sslCa: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  readonly sasl: SaslSettings | undefined;
}

export interface SaslSettings {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface SettingSources {
  /** By setting key (`dataDir`, `batch.maxRecords`), as the command line gave them; undefined when not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `.` of `--project-dir` is; the current folder when missing. */
  readonly cwd?: string;
}

/**
 * Flags over environment over `lens.yml` in the project's folder over defaults.
 * CONFIG_INVALID names the place (file with line, variable or flag), the key and, for an unknown one, the closest known.
 */
export function loadSettings({ flags = {}, env = {}, cwd = process.cwd() }: SettingSources): Settings {
  for (const key of Object.keys(flags)) definitionOf(key, `--set ${key}`);
  const given = new Map<string, unknown>();
  for (const definition of SETTINGS) {
    const variable = variableOf(definition, env);
    const fromEnv = env[variable];
    const fromFlag = flags[definition.key];
    if (fromFlag !== undefined) given.set(definition.key, parseSetting(definition, fromFlag, flagName(definition)));
    else if (fromEnv !== undefined && fromEnv !== '') {
      given.set(definition.key, parseSetting(definition, fromEnv, variable));
    }
  }
  const projectDir = path.resolve(cwd, (given.get('projectDir') as string | undefined) ?? '.');
  const fromFile = readFile(projectDir);
  const settings = assemble(projectDir, cwd, (key) => {
    const value = given.get(key) ?? fromFile.get(key);
    return value ?? SETTINGS.find((definition) => definition.key === key)?.default;
  });
  requireFolder(path.resolve(cwd, settings.dataDir), settings.dataDir);
  return settings;
}

/** The data folder need not be there yet, but must be able to be. */
function requireFolder(dataDir: string, given: string): void {
  let place = dataDir;
  while (!existsSync(place) && path.dirname(place) !== place) place = path.dirname(place);
  if (statSync(place).isDirectory()) return;
  throw new LensError('CONFIG_INVALID', `the data folder ${given} cannot be used: ${place} is a file`, {
    place: 'dataDir',
    hint: '--data-dir, LENS_DATA_DIR or dataDir of lens.yml says where it is',
  });
}

/** The first variable of a setting that says something: ours, else dbt's. */
function variableOf({ env: own, dbt }: SettingDefinition, env: SettingSources['env'] = {}): string {
  const names = dbt === undefined ? [own] : [own, `DBT_ENGINE_${dbt}`, `DBT_${dbt}`];
  return names.find((name) => (env[name] ?? '') !== '') ?? own;
}

/** The definition of a key. CONFIG_INVALID with the closest key otherwise. */
export function definitionOf(key: string, place: string): SettingDefinition {
  const definition = SETTINGS.find((one) => one.key === key);
  if (definition !== undefined) return definition;
  const closest = closestName(
    key,
    SETTINGS.map((one) => one.key),
  );
  throw new LensError('CONFIG_INVALID', `there is no setting ${key}`, {
    place,
    hint: closest === undefined ? 'docs/settings.md lists all settings' : `did you mean ${closest}?`,
  });
}

function flagName(definition: SettingDefinition): string {
  return definition.flag?.split(' ')[0] ?? `--set ${definition.key}`;
}

function readFile(projectDir: string): ReadonlyMap<string, unknown> {
  const file = path.join(projectDir, 'lens.yml');
  if (!existsSync(file)) return new Map();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LensError('CONFIG_INVALID', `cannot read the settings: ${fileProblem(error)}`, {
      place: file,
      cause: error,
    });
  }
  return readSettingsFile(text, path.relative(process.cwd(), file) || file);
}

function assemble(projectDir: string, cwd: string, get: (key: string) => unknown): Settings {
  return {
    projectDir,
    dataDir: get('dataDir') as string,
    brokers: (get('brokers') as string[] | undefined) ?? [],
    registry: get('registry') as string | undefined,
    kafka: {
      group: get('kafka.group') as string,
      ssl: get('kafka.ssl') as boolean,
      sslCa: get('kafka.sslCa') as string | undefined,
      sslCert: get('kafka.sslCert') as string | undefined,
      sslKey: get('kafka.sslKey') as string | undefined,
      sasl: saslOf(get),
    },
    batch: { maxRecords: get('batch.maxRecords') as number, maxMilliseconds: get('batch.maxMilliseconds') as number },
    bulk: { lagRecords: get('bulk.lagRecords') as number },
    compaction: { intervalSeconds: get('compaction.intervalSeconds') as number },
    models: { onFailure: get('models.onFailure') as Settings['models']['onFailure'] },
    warehouse: {
      memoryLimit: get('warehouse.memoryLimit') as string | undefined,
      threads: get('warehouse.threads') as number | undefined,
    },
    service: { port: get('service.port') as number },
    logFormat: get('logFormat') as Settings['logFormat'],
    logLevel: get('logLevel') as Settings['logLevel'],
    quiet: get('quiet') as boolean,
    vars: (get('vars') as Record<string, unknown> | undefined) ?? {},
    target: {
      name: get('target.name') as string | undefined,
      schema: get('target.schema') as string | undefined,
      profile: get('target.profile') as string | undefined,
      profilesDir: absolute(cwd, get('target.profilesDir') as string | undefined),
    },
  };
}

function absolute(cwd: string, given: string | undefined): string | undefined {
  return given === undefined ? undefined : path.resolve(cwd, given);
}

function saslOf(get: (key: string) => unknown): SaslSettings | undefined {
  const parts = ['mechanism', 'username', 'password'].map((name) => [`kafka.sasl.${name}`, get(`kafka.sasl.${name}`)]);
  if (parts.every(([, value]) => value === undefined)) return undefined;
  const missing = parts.find(([, value]) => value === undefined);
  if (missing !== undefined) {
    throw new LensError(
      'CONFIG_INVALID',
      `${String(missing[0])} is missing while other settings of kafka.sasl are there`,
      {
        hint: 'give mechanism, username and password, or none of them',
      },
    );
  }
  const [mechanism, username, password] = parts.map(([, value]) => value as string) as [string, string, string];
  return { mechanism: mechanism as SaslSettings['mechanism'], username, password };
}
