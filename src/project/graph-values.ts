import { DATABASE, withDatabase } from './relation-naming.ts';
import { fromJs, type Value } from './jinja/values.ts';
import type { ModelDraft } from './model-renderer.ts';
import { columnRecords, templateConfig, uniqueId } from './node-names.ts';
import type { Seed, SourceTable } from './project-contract.ts';
import { pathIn } from './project-part.ts';

/** What a project holds, as templates see it in dbt's `graph`: models, seeds and source tables. */
export function graphValue(
  drafts: ReadonlyMap<string, ModelDraft>,
  seeds: readonly Seed[],
  sources: readonly SourceTable[],
): Value {
  const ids = new Map([...drafts].map(([name, draft]) => [name, draftId(draft)]));
  for (const seed of seeds) ids.set(seed.name, seed.uniqueId);
  const sourceIds = new Map(sources.map((one) => [`${one.sourceName}.${one.name}`, one.uniqueId]));
  const models = [...drafts.values()].map((draft) => {
    const { file, config, materialized, schema, alias, dependsOn } = draft;
    const { version, part, path, fqn, rawSql, properties } = file;
    const parents = dependsOn.refs.map((name) => ids.get(name) ?? name);
    return {
      ...node('model', draftId(draft), part.file.name, file.ownName, fqn),
      ...(version === null ? {} : { version: version.v, latest_version: version.latest }),
      schema,
      alias,
      ...paths(pathIn(part.file, path)),
      raw_code: rawSql,
      language: 'sql',
      relation_name: materialized === 'ephemeral' ? null : withDatabase(schema, alias),
      config: templateConfig('model', { ...config, materialized }),
      access: config['access'] ?? 'protected',
      group: config['group'] ?? null,
      refs: dependsOn.refs.map((name) => ({ name, package: null, version: null })),
      sources: dependsOn.sourceNames.map((name) => name.split('.')),
      tags: config['tags'] ?? [],
      meta: config['meta'] ?? {},
      description: properties?.description ?? '',
      columns: columnRecords(properties?.columns ?? []),
      depends_on: {
        nodes: [...parents, ...dependsOn.sourceNames.map((name) => sourceIds.get(name) ?? name)],
        macros: [],
      },
    };
  });
  const ofSeeds = seeds.map((seed) => ({
    ...node('seed', seed.uniqueId, seed.packageName, seed.ownName, seed.fqn),
    schema: seed.schema,
    alias: seed.alias,
    ...paths(seed.path),
    relation_name: withDatabase(seed.schema, seed.alias),
    config: templateConfig('seed', { ...seed.config, materialized: 'seed' }),
    tags: seed.tags,
    meta: seed.meta,
    description: seed.description,
    columns: columnRecords(seed.columns),
    depends_on: { nodes: [], macros: [] },
  }));
  const ofSources = sources.map((source) => ({
    ...node('source', source.uniqueId, source.packageName, source.name, source.fqn),
    original_file_path: source.path,
    path: source.path,
    source_name: source.sourceName,
    schema: source.schema,
    identifier: source.table,
    loader: source.loader,
    relation_name: withDatabase(source.schema, source.table),
    loaded_at_field: source.config['loaded_at_field'] ?? null,
    freshness: source.config['freshness'] ?? null,
    config: templateConfig('source', source.config),
    tags: source.tags,
    meta: source.meta,
    description: source.description,
    source_description: source.sourceDescription,
    columns: columnRecords(source.columns),
  }));
  const byId = (nodes: readonly { readonly unique_id: string }[]): Record<string, unknown> =>
    Object.fromEntries(nodes.map((one) => [one.unique_id, one]));
  return fromJs({
    nodes: byId([...models, ...ofSeeds]),
    sources: byId(ofSources),
    exposures: {},
    metrics: {},
    groups: {},
    functions: {},
    saved_queries: {},
    semantic_models: {},
  });
}

function draftId({ file: { ownName: name, version, part } }: ModelDraft): string {
  return uniqueId({ resourceType: 'model', packageName: part.file.name, name, version });
}

function node(type: string, id: string, packageName: string, name: string, fqn: readonly string[]) {
  return { resource_type: type, unique_id: id, package_name: packageName, name, fqn: [...fqn], database: DATABASE };
}

/** dbt's `path` is that below the folder of models or seeds. */
function paths(path: string) {
  return { original_file_path: path, path: path.split('/').slice(1).join('/') };
}
