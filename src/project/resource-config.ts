import type { Config } from './config-tree.ts';

const OF_ALL: Config = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
  static_analysis: null,
};

const OF_NODES: Config = {
  ...OF_ALL,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  post_hook: [],
  pre_hook: [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs: { show: true, node_color: null },
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
};

/** What dbt-core 1.11 takes where a configuration says nothing: artifacts/resources/v1/config.py and beside it. */
const DEFAULTS = {
  model: { ...OF_NODES, access: 'protected', freshness: null },
  seed: { ...OF_NODES, materialized: 'seed', delimiter: ',', quote_columns: null },
  test: {
    ...OF_ALL,
    schema: 'dbt_test__audit',
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  },
  source: {
    enabled: true,
    event_time: null,
    freshness: null,
    loaded_at_field: null,
    loaded_at_query: null,
    meta: {},
    tags: [],
    static_analysis: null,
  },
  unit_test: { tags: [], meta: {}, enabled: true, static_analysis: null },
  exposure: { enabled: true, tags: [], meta: {} },
  analysis: OF_NODES,
} as const satisfies Readonly<Record<string, Config>>;

/** The configuration of a resource as dbt has it in its manifest: every key it knows, and the project's own. */
export function fullConfig(type: keyof typeof DEFAULTS, config: Config): Config {
  const defaults: Config = DEFAULTS[type];
  const full: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(config)) {
    if (value === null && defaults[key] !== null && defaults[key] !== undefined) continue;
    full[key] = key === 'docs' || key === 'contract' ? { ...(defaults[key] as object), ...(value as object) } : value;
  }
  return full;
}
