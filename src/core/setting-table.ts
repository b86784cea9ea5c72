/**
 * Every setting there is, in one table: it drives the parsing of `lens.yml`, environment and flags (settings.ts), the
 * help of the command line, and the check that docs/settings.md names each of them.
 */
export type SettingType =
  | { readonly kind: 'text' }
  | { readonly kind: 'list' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly min: number; readonly max?: number }
  | {
      readonly kind: 'choice';
      readonly choices: readonly string[];
      /** Words of dbt for some of them. */
      readonly aliases?: Readonly<Record<string, string>>;
    }
  /** An amount of memory, as `2GB`. */
  | { readonly kind: 'memory'; readonly minMegabytes: number }
  | { readonly kind: 'mapping' };

export interface SettingDefinition {
  /** Path in `lens.yml`, as `batch.maxRecords`. */
  readonly key: string;
  readonly type: SettingType;
  /** Environment variable. */
  readonly env: string;
  /** Flag of every command, as commander writes it; all others are reached by `--set KEY=VALUE`. */
  readonly flag?: string;
  /** The same in one letter. */
  readonly short?: string;
  /** dbt's flag of that name, whose variable (`DBT_` or `DBT_ENGINE_` and the name) counts where `env` is not set. */
  readonly dbt?: string;
  readonly default?: string | number | boolean;
  /** False: not in the file (it would say where the file itself is). */
  readonly inFile?: false;
  /** Never printed. */
  readonly secret?: true;
  /** One line, for help and docs. */
  readonly description: string;
}

const TEXT: SettingType = { kind: 'text' };
const BOOLEAN: SettingType = { kind: 'boolean' };

function atLeast(min: number, max?: number): SettingType {
  return max === undefined ? { kind: 'integer', min } : { kind: 'integer', min, max };
}

export const SETTINGS: readonly SettingDefinition[] = [
  {
    key: 'projectDir',
    type: TEXT,
    env: 'LENS_PROJECT_DIR',
    flag: '--project-dir <dir>',
    default: '.',
    inFile: false,
    description: 'folder with dbt_project.yml, models/, topics/ and lens.yml',
    dbt: 'PROJECT_DIR',
  },
  {
    key: 'dataDir',
    type: TEXT,
    env: 'LENS_DATA_DIR',
    flag: '--data-dir <dir>',
    default: '.lens',
    description:
      'folder for all that is written: warehouse.duckdb, log.sqlite, service.json; relative to the current folder',
  },
  {
    key: 'brokers',
    type: { kind: 'list' },
    env: 'KAFKA_BROKERS',
    flag: '--brokers <list>',
    description:
      'Kafka brokers as host:port, comma-separated; without them the embedded log in the data folder is used',
  },
  {
    key: 'registry',
    type: TEXT,
    env: 'SCHEMA_REGISTRY_URL',
    flag: '--registry <url>',
    description: 'schema registry; without it wire ids come from topics/manifest.json',
  },
  {
    key: 'kafka.group',
    type: TEXT,
    env: 'LENS_KAFKA_GROUP',
    default: 'diffusion-lens',
    description: 'group under which the checkpoint is published for lag tools',
  },
  {
    key: 'kafka.ssl',
    type: BOOLEAN,
    env: 'LENS_KAFKA_SSL',
    default: false,
    description: 'TLS to the brokers, with the certificates of the system unless kafka.sslCa is given',
  },
  {
    key: 'kafka.sslCa',
    type: TEXT,
    env: 'LENS_KAFKA_SSL_CA',
    description:
      'PEM file with the certificates of the authorities that vouch for the brokers; relative to the current folder',
  },
  {
    key: 'kafka.sslCert',
    type: TEXT,
    env: 'LENS_KAFKA_SSL_CERT',
    description: 'PEM file with our certificate, for brokers that ask for one; needs kafka.sslKey too',
  },
  {
    key: 'kafka.sslKey',
    type: TEXT,
    env: 'LENS_KAFKA_SSL_KEY',
    description: 'PEM file with the private key of kafka.sslCert, without a passphrase',
  },
  {
    key: 'kafka.sasl.mechanism',
    type: { kind: 'choice', choices: ['plain', 'scram-sha-256', 'scram-sha-512'] },
    env: 'LENS_KAFKA_SASL_MECHANISM',
    description: 'how to log in to the brokers; needs username and password too',
  },
  {
    key: 'kafka.sasl.username',
    type: TEXT,
    env: 'LENS_KAFKA_SASL_USERNAME',
    description: 'user at the brokers',
  },
  {
    key: 'kafka.sasl.password',
    type: TEXT,
    env: 'LENS_KAFKA_SASL_PASSWORD',
    secret: true,
    description: 'password at the brokers; better in the environment than in the file',
  },
  {
    key: 'batch.maxRecords',
    type: atLeast(1),
    env: 'LENS_BATCH_MAX_RECORDS',
    default: 50_000,
    description: 'most records one transaction applies',
  },
  {
    key: 'batch.maxMilliseconds',
    type: atLeast(0),
    env: 'LENS_BATCH_MAX_MILLISECONDS',
    default: 200,
    description: 'longest wait for more records before a batch is applied',
  },
  {
    key: 'bulk.lagRecords',
    type: atLeast(0),
    env: 'LENS_BULK_LAG_RECORDS',
    default: 100_000,
    description: 'from this many records behind, records are only landed and the models rebuilt once at the end',
  },
  {
    key: 'compaction.intervalSeconds',
    type: atLeast(1),
    env: 'LENS_COMPACTION_INTERVAL_SECONDS',
    default: 30,
    description: 'seconds between compactions while the service runs',
  },
  {
    key: 'models.onFailure',
    type: { kind: 'choice', choices: ['leave', 'stop'] },
    env: 'LENS_MODELS_ON_FAILURE',
    default: 'leave',
    description:
      'a model that cannot be built, fails on its records, or breaks its unique_key or a constraint: leave has it stand still with what reads it while all others go on, stop ends at the last commit',
  },
  {
    key: 'warehouse.memoryLimit',
    // Opening needs a few megabytes; below this a batch of nothing but small rows already spills or fails.
    type: { kind: 'memory', minMegabytes: 64 },
    env: 'LENS_WAREHOUSE_MEMORY_LIMIT',
    description:
      "DuckDB's memory_limit, as 2GB or 512MB, at least 64MB; without it DuckDB takes up to 80 % of the machine",
  },
  {
    key: 'warehouse.threads',
    type: atLeast(1),
    env: 'LENS_WAREHOUSE_THREADS',
    description: "DuckDB's worker threads; without it one per core",
  },
  {
    key: 'service.port',
    type: atLeast(0, 65_535),
    env: 'LENS_SERVICE_PORT',
    default: 0,
    description: "port of the service's control server on 127.0.0.1; 0 takes a free one",
  },
  {
    key: 'logFormat',
    type: { kind: 'choice', choices: ['text', 'json'], aliases: { default: 'text', debug: 'text' } },
    env: 'LENS_LOG_FORMAT',
    flag: '--log-format <format>',
    default: 'text',
    description: 'text for people, json for machines: log lines, progress and errors',
    dbt: 'LOG_FORMAT',
  },
  {
    key: 'logLevel',
    type: { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], aliases: { none: 'error' } },
    env: 'LENS_LOG_LEVEL',
    flag: '--log-level <level>',
    default: 'info',
    description: 'least level of the log lines on standard error',
    dbt: 'LOG_LEVEL',
  },
  {
    key: 'quiet',
    type: BOOLEAN,
    env: 'LENS_QUIET',
    flag: '--quiet',
    default: false,
    description: 'only results and errors',
    short: '-q',
    dbt: 'QUIET',
  },
  {
    key: 'vars',
    type: { kind: 'mapping' },
    env: 'LENS_VARS',
    flag: '--vars <yaml>',
    description: "variables over those of dbt_project.yml, as '{start: 2026-01-01}'",
  },
  {
    key: 'target.name',
    type: TEXT,
    env: 'LENS_TARGET_NAME',
    flag: '--target <name>',
    description:
      'the target of profiles.yml, `target.name` in models; that of the profile when it is not set, `dev` without one',
    short: '-t',
    dbt: 'TARGET',
  },
  {
    key: 'target.schema',
    type: TEXT,
    env: 'LENS_TARGET_SCHEMA',
    description:
      'schema of the warehouse that models without one of their own live in; that of the target in profiles.yml when it is not set, `main` without one',
  },
  {
    key: 'target.profile',
    type: TEXT,
    env: 'LENS_TARGET_PROFILE',
    flag: '--profile <name>',
    dbt: 'PROFILE',
    description: 'the profile of profiles.yml, in place of the one that dbt_project.yml names',
  },
  {
    key: 'target.profilesDir',
    type: TEXT,
    env: 'LENS_PROFILES_DIR',
    flag: '--profiles-dir <dir>',
    description:
      'folder of profiles.yml; without it DBT_PROFILES_DIR, the folder of the project, or ~/.dbt, whichever has one first',
  },
];
