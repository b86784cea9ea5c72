import { withDatabase } from '../relation-naming.ts';
import { createHash } from 'node:crypto';
import { fromJs, repr } from '../jinja/values.ts';
import type { DocBlock, Exposure, Group, SourceTable, UnitTest } from '../project-contract.ts';
import { pathIn } from '../project-part.ts';
import { isYamlRecord } from '../yaml-file.ts';
import { columnsOf } from './manifest-columns.ts';
import {
  refOf,
  belowItsRoot,
  configOf,
  identity,
  relation,
  resourceOf,
  type Json,
  type ManifestContext,
} from './manifest-nodes.ts';

/** A source table as dbt's manifest has it: artifacts/resources/v1/source_definition.py. */
export function sourceNode(source: SourceTable, { project, createdAt }: ManifestContext): Json {
  const resource = resourceOf(project, source.uniqueId);
  const freshness = freshnessOf(source.config['freshness']);
  const config = { ...configOf(resource), freshness };
  return {
    ...relation(source.schema),
    ...identity(resource, resource.path),
    source_name: source.sourceName,
    source_description: source.sourceDescription,
    loader: source.loader,
    identifier: source.table,
    quoting: { database: null, schema: null, identifier: null, column: null },
    loaded_at_field: source.config['loaded_at_field'] ?? null,
    loaded_at_query: source.config['loaded_at_query'] ?? null,
    freshness,
    external: null,
    description: source.description,
    columns: columnsOf(source.columns),
    meta: source.meta,
    source_meta: source.meta,
    tags: source.tags,
    config,
    patch_path: null,
    unrendered_config: { ...source.config, ...freshnessConfig(source.config, freshness) },
    relation_name: withDatabase(source.schema, source.table),
    created_at: createdAt,
    unrendered_database: null,
    unrendered_schema: source.writtenSchema,
    doc_blocks: source.docBlocks,
  };
}

/** dbt writes these three of every source, whatever is said. */
function freshnessConfig(config: Json, freshness: Json | null): Json {
  return {
    loaded_at_field: config['loaded_at_field'] ?? null,
    ...(config['freshness'] === undefined ? {} : { freshness }),
    loaded_at_query: config['loaded_at_query'] ?? null,
  };
}

/** dbt's thresholds, whole; null when freshness is turned off. */
function freshnessOf(said: unknown): Json | null {
  if (said === null) return null;
  const given: Json = isYamlRecord(said) ? said : {};
  const never = { count: null, period: null };
  return {
    warn_after: given['warn_after'] ?? never,
    error_after: given['error_after'] ?? never,
    filter: given['filter'] ?? null,
  };
}

/** An exposure as dbt's manifest has it: artifacts/resources/v1/exposure.py. */
export function exposureNode(exposure: Exposure, { project, createdAt }: ManifestContext): Json {
  const { type, owner, description, label, maturity, meta, tags, url, dependsOn } = exposure;
  const resource = resourceOf(project, exposure.uniqueId);
  return {
    ...identity(resource, belowItsRoot(resource.path)),
    type,
    owner: ownerOf(owner),
    description,
    label,
    maturity,
    meta,
    tags,
    config: configOf(resource),
    unrendered_config: exposure.config,
    url,
    depends_on: { macros: [], nodes: resource.parents },
    refs: dependsOn.refs.map((name) => refOf(project, name)),
    sources: dependsOn.sourceNames.map((name) => name.split('.')),
    metrics: [],
    created_at: createdAt,
  };
}

function ownerOf(owner: Json): Json {
  return { email: owner['email'] ?? null, name: owner['name'] ?? null };
}

/** A group as dbt's manifest has it: artifacts/resources/v1/group.py. */
export function groupNode({ name, packageName, path, uniqueId, owner, description, config }: Group): Json {
  return {
    name,
    resource_type: 'group',
    package_name: packageName,
    path: belowItsRoot(path),
    original_file_path: path,
    unique_id: uniqueId,
    owner: ownerOf(owner),
    description: description === '' ? null : description,
    config: { meta: config['meta'] ?? {} },
  };
}

/** A docs block as dbt's manifest has it: artifacts/resources/v1/documentation.py. */
export function docNode({ name, packageName, path, uniqueId, text }: DocBlock, { project }: ManifestContext): Json {
  const part = project.packages.find((one) => one.name === packageName);
  const own = part === undefined ? path : pathIn(part, path);
  return {
    name,
    resource_type: 'doc',
    package_name: packageName,
    path: belowItsRoot(own),
    original_file_path: own,
    unique_id: uniqueId,
    block_contents: text,
  };
}

/** A unit test as dbt's manifest has it: artifacts/resources/v1/unit_test_definition.py. */
export function unitTestNode(test: UnitTest, { project, createdAt }: ManifestContext): Json {
  const { declaredModel: model, version, yml, description } = test;
  const resource = resourceOf(project, test.uniqueId);
  // Records of topics, which a test over events may be given, have no place in dbt's schema.
  const given = Array.isArray(yml['given'])
    ? yml['given'].filter((one) => isYamlRecord(one) && (test.kind === 'rows' || 'input' in one))
    : [];
  const inputs = given.map((one) => ({ input: one['input'] ?? '', ...rowsOf(one) }));
  const expect = rowsOf(isYamlRecord(yml['expect']) ? yml['expect'] : {});
  const versions = versionsOf(yml['versions']);
  const overrides = isYamlRecord(yml['overrides']) ? overridesOf(yml['overrides']) : null;
  return {
    model,
    given: inputs,
    expect,
    ...identity(resource, belowItsRoot(resource.path)),
    description,
    overrides,
    depends_on: { macros: [], nodes: resource.parents },
    config: configOf(resource),
    checksum: unitTestChecksum(model, versions, inputs, expect, overrides),
    schema: project.schema,
    created_at: createdAt,
    versions,
    version,
  };
}

function versionsOf(said: unknown): Json | null {
  return isYamlRecord(said) ? { include: said['include'] ?? null, exclude: said['exclude'] ?? null } : null;
}

interface Rows {
  readonly rows: unknown;
  readonly format: unknown;
  readonly fixture: unknown;
}

function rowsOf(fixture: Json): Rows {
  return { rows: fixture['rows'] ?? null, format: fixture['format'] ?? 'dict', fixture: fixture['fixture'] ?? null };
}

function overridesOf(said: Json): Json {
  return { macros: said['macros'] ?? {}, vars: said['vars'] ?? {}, env_vars: said['env_vars'] ?? {} };
}

/** dbt's checksum over all but the description: `UnitTestDefinition.build_unit_test_checksum`. */
function unitTestChecksum(
  model: string,
  versions: Json | null,
  given: readonly (Rows & { readonly input: unknown })[],
  expect: Rows,
  overrides: Json | null,
): string {
  const python = (value: unknown): string => repr(fromJs(value));
  const fields = ({ rows, format, fixture }: Rows): string => {
    const kind = { csv: 'CSV', sql: 'SQL' }[String(format)] ?? 'Dict';
    return `rows=${python(rows)}, format=<UnitTestFormat.${kind}: ${python(format)}>, fixture=${python(fixture)}`;
  };
  const inputs = given.map((one) => `UnitTestInputFixture(input=${python(one.input)}, ${fields(one)})`);
  const over =
    overrides === null
      ? 'None'
      : `UnitTestOverrides(macros=${python(overrides['macros'])}, vars=${python(overrides['vars'])}, env_vars=${python(overrides['env_vars'])})`;
  const fixtures = given.filter(({ fixture }) => fixture !== null).map(({ rows }) => `-${String(rows)}`);
  const of =
    versions === null
      ? 'None'
      : `UnitTestNodeVersions(include=${python(versions['include'])}, exclude=${python(versions['exclude'])})`;
  const text = `${model}-${of}-[${inputs.join(', ')}]-UnitTestOutputFixture(${fields(expect)})-${over}${fixtures.join('')}`;
  return createHash('sha256').update(text).digest('hex');
}
