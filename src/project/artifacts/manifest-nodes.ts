import { createHash } from 'node:crypto';
import type { Analysis, DataTest, Dependencies, Model, Project, Seed } from '../project-contract.ts';
import { hooksAsMaps, nodeHooks } from '../hooks.ts';
import { fileText } from '../project-files.ts';
import { DATABASE, withDatabase } from '../relation-naming.ts';
import { resourceGraph, type Resource } from '../resource-graph.ts';
import { testMetadata } from '../test-names.ts';
import { columnsOf, constraintsOf, contractOf } from './manifest-columns.ts';
import type { ManifestMacros } from './manifest-macros.ts';
import { primaryKey } from './primary-key.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What the nodes of one manifest are made from. */
export interface ManifestContext {
  readonly project: Project;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly macros: ManifestMacros;
  /** The compiled SQL of a node, where it goes in, too. */
  compiled(uniqueId: string): string | null;
}

/** A model as dbt's manifest has it: artifacts/resources/v1/model.py of dbt-core. */
export function modelNode(model: Model, context: ManifestContext): Json {
  const { project } = context;
  const { schema, alias, rawSql, dependsOn, contract, access } = model;
  const resource = resourceOf(project, model.uniqueId);
  const sql = context.compiled(model.uniqueId);
  return {
    ...relation(schema),
    ...identity(resource, belowItsRoot(resource.path)),
    alias,
    checksum: checksum(rawSql),
    config: configOf(resource),
    ...described(model, resource),
    ...made(context, model.writtenConfig, model.docBlocks),
    relation_name: model.materialized === 'ephemeral' ? null : withDatabase(schema, alias),
    raw_code: rawSql.trim(),
    ...reads(project, resource, dependsOn, context.macros.calledBy(withHooks(rawSql, model.config), model.packageName)),
    ...compiledCode(sql, project, resource),
    contract: contract.enforced ? contractOf(model) : NO_CONTRACT,
    access,
    constraints: constraintsOf(model),
    version: null,
    latest_version: null,
    deprecation_date: null,
    primary_key: primaryKey(model, project.tests),
    time_spine: null,
  };
}

/** A CSV file as dbt's manifest has it: artifacts/resources/v1/seed.py. */
export function seedNode(seed: Seed, context: ManifestContext): Json {
  const { schema, alias, path } = seed;
  const resource = resourceOf(context.project, seed.uniqueId);
  return {
    ...relation(schema),
    ...identity(resource, belowItsRoot(resource.path)),
    alias,
    checksum: checksum(fileText(context.project.dir, path)),
    config: configOf(resource),
    ...described(seed, resource),
    ...made(context, seed.writtenConfig, seed.docBlocks),
    relation_name: withDatabase(schema, alias),
    raw_code: '',
    root_path: context.project.dir,
    depends_on: { macros: [] },
  };
}

/** A data test as dbt's manifest has it: artifacts/resources/v1/generic_test.py and singular_test.py. */
export function testNode(test: DataTest, context: ManifestContext): Json {
  const { project } = context;
  const { kind, testName, testPackage, target, columnName } = test;
  const resource = resourceOf(project, test.uniqueId);
  const { schema, identifier: alias } = test.failuresTable();
  const sql = context.compiled(test.uniqueId);
  const attached = target === null || target.kind === 'source' ? null : attachedTo(project, target.name);
  const text = test.rawSql;
  const macros =
    kind === 'singular' ? context.macros.calledBy(text, test.packageName) : context.macros.calledByTest(test);
  const common = {
    ...relation(schema),
    ...identity(
      resource,
      kind === 'singular' ? belowItsRoot(resource.path) : (test.compiledPath.split('/').at(-1) as string),
    ),
    alias,
    checksum: kind === 'singular' ? checksum(text) : { name: 'none', checksum: '' },
    config: configOf(resource),
    ...described({ description: test.description, columns: [] }, resource),
    // of a test that is on nothing its own
    group: (attached ?? resource).config['group'] ?? null,
    ...made(context, test.writtenConfig, test.docBlocks),
    relation_name: ['table', 'view'].includes(test.config.storeFailures) ? withDatabase(schema, alias) : null,
    raw_code: text.trim(),
    ...reads(project, resource, test.dependsOn, macros),
    ...compiledCode(sql, project, resource),
    contract: NO_CONTRACT,
  };
  if (target === null || testName === null) return common;
  const [of, name] =
    target.kind === 'source'
      ? ['sources', target.name.split('.')[0]]
      : [`${target.kind}s`, target.ownName ?? target.name];
  return {
    ...common,
    column_name: columnName,
    file_key_name: `${of}.${name}`,
    attached_node: attached?.uniqueId ?? null,
    test_metadata: testMetadata(testName, testPackage, test.arguments, target),
  };
}

/** An analysis as dbt's manifest has it: artifacts/resources/v1/analysis.py. */
export function analysisNode(analysis: Analysis, context: ManifestContext): Json {
  const { project } = context;
  const { schema, alias, rawSql, dependsOn, packageName } = analysis;
  const resource = resourceOf(project, analysis.uniqueId);
  return {
    ...relation(schema),
    ...identity(resource, `analysis/${belowItsRoot(resource.path)}`),
    alias,
    checksum: checksum(rawSql),
    config: configOf(resource),
    ...described(analysis, resource),
    ...made(context, analysis.writtenConfig, analysis.docBlocks),
    relation_name: null,
    raw_code: rawSql.trim(),
    ...reads(project, resource, dependsOn, context.macros.calledBy(rawSql, packageName)),
    ...compiledCode(context.compiled(analysis.uniqueId), project, resource),
    contract: NO_CONTRACT,
  };
}

export const NO_CONTRACT: Json = { enforced: false, alias_types: true, checksum: null };

export function resourceOf(project: Project, uniqueId: string): Resource {
  return resourceGraph(project).get(uniqueId) as Resource;
}

function attachedTo(project: Project, name: string): Resource | null {
  const found = [...project.models, ...project.seeds].find((one) => one.name === name);
  return found === undefined ? null : resourceOf(project, found.uniqueId);
}

export function relation(schema: string): Json {
  return { database: DATABASE, schema };
}

/** @param path below the folder of its kind, as dbt has it beside `original_file_path` */
export function identity(resource: Resource, path: string): Json {
  return {
    name: resource.name,
    resource_type: resource.resourceType,
    package_name: resource.packageName,
    path,
    original_file_path: resource.path,
    unique_id: resource.uniqueId,
    fqn: resource.fqn,
  };
}

export function belowItsRoot(path: string): string {
  return path.split('/').slice(1).join('/');
}

/** Over the text without white space around it, as dbt's `FileHash.from_contents`. */
export function checksum(text: string): Json {
  return { name: 'sha256', checksum: createHash('sha256').update(text.trim()).digest('hex') };
}

export function configOf({ config }: Resource): Json {
  return hooksAsMaps(config);
}

/** A template with those of its hooks, whose macros count as its own. */
export function withHooks(template: string, config: Json): string {
  const hooks = (['pre_hook', 'post_hook'] as const).flatMap((kind) => nodeHooks(config, kind));
  return [template, ...hooks.map(({ sql }) => sql)].join('\n');
}

function described(
  node: Pick<Model, 'description' | 'columns'>,
  { tags, config, patchPath, packageName }: Resource,
): Json {
  return {
    tags,
    description: node.description,
    columns: columnsOf(node.columns),
    meta: config['meta'],
    group: config['group'] ?? null,
    docs: config['docs'] ?? { show: true, node_color: null },
    patch_path: patchPath === null ? null : `${packageName}://${patchPath}`,
    build_path: null,
  };
}

function made({ createdAt }: ManifestContext, written: Json, docBlocks: readonly string[]): Json {
  return { unrendered_config: written, created_at: createdAt, doc_blocks: docBlocks };
}

/** A model or seed as ref() calls it: with its package where its name alone could be another one's. */
export function refOf({ models, seeds }: Project, name: string): Json {
  const found = [...models, ...seeds].find((one) => one.name === name);
  const isVersion = found !== undefined && 'version' in found && found.version !== null;
  if (found === undefined || isVersion || found.ownName === name) return { name, package: null, version: null };
  return { name: found.ownName, package: found.packageName, version: null };
}

function reads(
  project: Project,
  resource: Resource,
  { refs, sourceNames }: Dependencies,
  macros: readonly string[],
): Json {
  return {
    language: 'sql',
    refs: refs.map((name) => refOf(project, name)),
    sources: sourceNames.map((name) => name.split('.')),
    metrics: [],
    functions: [],
    depends_on: { macros, nodes: resource.parents },
  };
}

function compiledCode(sql: string | null, project: Project, resource: Resource): Json {
  if (sql === null) return { compiled_path: null };
  return {
    compiled_path: `target/compiled/${compiledPath(project, resource)}`,
    compiled: true,
    compiled_code: sql,
    extra_ctes_injected: true,
    extra_ctes: [],
  };
}

/** Where the compiled SQL of a node goes below `target/compiled`: that of a generic test beside its yml file. */
export function compiledPath(project: Project, { packageName, path, uniqueId }: Resource): string {
  const test = project.tests.find((one) => one.uniqueId === uniqueId);
  return test?.compiledPath ?? `${packageName}/${path}`;
}
