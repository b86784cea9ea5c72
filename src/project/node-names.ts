import { DATABASE } from './relation-naming.ts';
import { LensError } from '../core/errors.ts';
import type { Config } from './config-tree.ts';
import { hooksAsMaps } from './hooks.ts';
import { fromJs, type Value } from './jinja/values.ts';
import { parseFile } from './macro-library.ts';
import type { ModelVersion } from './model-versions.ts';
import { fullConfig } from './resource-config.ts';
import type { TemplateEngine } from './template-engine.ts';

/** A node as macros see it: `model` in a model's template, `node` in the macros that make names. */
export interface NamedNode {
  readonly resourceType: 'model' | 'seed' | 'analysis';
  readonly name: string;
  readonly version: ModelVersion | null;
  readonly packageName: string;
  readonly path: string;
  readonly fqn: readonly string[];
  /** What else templates may ask of it. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** dbt's `model` or `node` in templates. */
export function nodeValue(node: NamedNode, config: Config): Value {
  const { version } = node;
  return fromJs({
    name: version?.of ?? node.name,
    unique_id: uniqueId(node),
    ...(version === null ? {} : { version: version.v, latest_version: version.latest }),
    resource_type: node.resourceType,
    package_name: node.packageName,
    original_file_path: node.path,
    path: node.path.split('/').slice(1).join('/'),
    fqn: node.fqn,
    database: DATABASE,
    tags: config['tags'] ?? [],
    meta: config['meta'] ?? {},
    ...node.more,
    config: templateConfig(node.resourceType, config),
  });
}

/** The configuration of a node as templates see it: dbt's values where nothing is said, and hooks under dbt's names. */
export function templateConfig(resourceType: 'model' | 'seed' | 'source' | 'analysis', config: Config): Config {
  return hooksAsMaps(fullConfig(resourceType, config));
}

/** `model.PACKAGE.NAME`, with `.vVERSION` after it for a version. */
export function uniqueId({ resourceType, packageName, name, version }: Omit<NamedNode, 'path' | 'fqn'>): string {
  const own = version === null ? name : `${version.of}.v${version.v}`;
  return `${resourceType}.${packageName}.${own}`;
}

/** Schema and name of a node's relation: dbt lets a project decide on both by overriding two macros. */
export function relationNames(
  node: NamedNode,
  config: Config,
  engine: TemplateEngine,
): { readonly schema: string; readonly alias: string } {
  return {
    schema: customName('generate_schema_name', config['schema'], node, config, engine),
    alias: customName('generate_alias_name', config['alias'], node, config, engine),
  };
}

function customName(
  macro: 'generate_schema_name' | 'generate_alias_name',
  custom: unknown,
  node: NamedNode,
  config: Config,
  engine: TemplateEngine,
): string {
  const template = parseFile(`{{ ${macro}(lens_custom, lens_node) }}`, node.path);
  const names = { lens_custom: fromJs(custom), lens_node: nodeValue(node, config) };
  const name = engine.render(template, { resolver: null, config: { declared: config, captured: {} }, names }).trim();
  if (name === '')
    throw new LensError('PROJECT_INVALID', `${macro} gives an empty name for ${node.resourceType} ${node.name}`, {
      place: node.path,
    });
  return name;
}

/** `columns` of a node, by name. */
export function columnRecords(
  columns: readonly { readonly name: string; readonly description: string; readonly dataType: string | null }[],
): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ name, description, dataType }) => [name, { name, description, data_type: dataType }]),
  );
}

/** dbt's `versioned_name`: the name, with `_vVERSION` after it for a version. */
export function versionedName({ name, version }: { name: string; version: string | number | null }): string {
  return version === null ? name : `${name}_v${version}`;
}
