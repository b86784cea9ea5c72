import { LensError } from '../core/errors.ts';
import { asList, mergeConfig, type Config } from './config-tree.ts';
import { largeAsText } from '../core/numbers.ts';
import type { Template } from './jinja/template.ts';
import { parseFile } from './macro-library.ts';
import { isEnforced } from './model-contract.ts';
import { versionName, type ModelVersion } from './model-versions.ts';
import type { Constraint, Materialized } from './project-contract.ts';
import { imposedOn, treeOf, writtenFor, type ProjectPart } from './project-part.ts';
import { filesBelow, fileText, foldersBelow, stem } from './project-files.ts';
import type { Properties } from './properties.ts';

/** A model's file with what is declared of it, before its own template has been rendered. */
export interface ModelFile {
  readonly part: ProjectPart;
  /** That of the file; of a version `NAME_vVERSION`; where another package has one of that name, too, with its package (same-names.ts). */
  readonly name: string;
  /** As dbt calls it. */
  readonly ownName: string;
  readonly version: ModelVersion | null;
  readonly path: string;
  readonly fqn: readonly string[];
  readonly template: Template;
  readonly rawSql: string;
  readonly properties: Properties | undefined;
  /** dbt_project.yml and the yml file, rendered. */
  readonly declared: Config;
  /** dbt_project.yml and the yml file, as they are written. */
  readonly written: Config;
  /** What the project configures for a model of a package: it goes over config() in the template, too. */
  readonly imposed: Config;
}

/** Reads all models/**.sql. Two may have the same name, as long as one of them is enabled at most. */
export function readModelFiles(
  dir: string,
  part: ProjectPart,
  properties: ReadonlyMap<string, Properties>,
): ModelFile[] {
  const models: ModelFile[] = [];
  const { file, engine } = part;
  const paths = file.modelPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/));
  const versions = versionsByFile(properties, new Set(paths.map(stem)));
  for (const path of paths) {
    const said = versions.get(stem(path)) ?? properties.get(stem(path));
    const version = said?.version ?? null;
    const name = version === null ? stem(path) : versionName(version);
    const names = version === null ? [name] : [version.of, `v${version.v}`];
    const fqn = [file.name, ...foldersBelow(path, file.modelPaths), ...names];
    const own = said === undefined ? {} : (engine.yaml(said.config, said.yaml.place(said.at)) as Config);
    const rawSql = fileText(dir, path);
    models.push({
      part,
      name,
      ownName: version?.of ?? name,
      version,
      path,
      fqn,
      template: parseFile(rawSql, path),
      rawSql,
      properties: said,
      declared: mergeConfig(treeOf(part, 'models', fqn), own),
      written: writtenFor(part, 'models', fqn, said?.config ?? {}),
      imposed: imposedOn(part, 'models', fqn),
    });
  }
  return models;
}

/** Descriptions of versions by the name of the file that holds them. */
function versionsByFile(
  properties: ReadonlyMap<string, Properties>,
  files: ReadonlySet<string>,
): ReadonlyMap<string, Properties> {
  const found = new Map<string, Properties>();
  for (const one of properties.values()) {
    const file = one.version?.files.find((name) => files.has(name));
    if (file !== undefined) found.set(file, one);
  }
  return found;
}

export function twice(kind: string, name: string, first: string, second: string): LensError {
  return new LensError('PROJECT_INVALID', `the ${kind} ${name} is there twice: in ${first} and ${second}`, {
    place: second,
    hint: 'rename or remove one of them',
  });
}

const MATERIALIZED: readonly string[] = [
  'view',
  'table',
  'incremental',
  'external',
  'ephemeral',
] satisfies Materialized[];

/** Materializations of dbt-duckdb that are not run. */
const NOT_RUN: readonly string[] = ['materialized_view', 'table_function'];

/**
 * The materialization of a model's configuration: `view` when nothing is said, as in dbt. Null for one that is not run,
 * PROJECT_INVALID for one that there is not.
 */
export function materializedOf(model: Pick<ModelFile, 'name' | 'path' | 'part'>, config: Config): Materialized | null {
  const materialized = config['materialized'] ?? 'view';
  if (typeof materialized === 'string' && MATERIALIZED.includes(materialized)) return materialized as Materialized;
  const custom = model.part.engine.macros.materializations;
  if (typeof materialized === 'string' && (NOT_RUN.includes(materialized) || custom.has(materialized))) return null;
  throw new LensError(
    'PROJECT_INVALID',
    `model ${model.name} has the materialization ${JSON.stringify(materialized, largeAsText)}`,
    {
      place: model.path,
      hint: `use one of ${MATERIALIZED.join(', ')}`,
    },
  );
}

/** Whether `enabled` is on; texts as environment variables give them count, too. */
export function isEnabled(config: Config): boolean {
  const enabled = config['enabled'] ?? true;
  return typeof enabled === 'string' ? enabled.toLowerCase() !== 'false' : enabled !== false;
}

export function tagsOf(config: Config): string[] {
  return [...new Set(asList(config['tags']).map(String))];
}

/** Types of constraints that stored rows are not held to. */
const NOT_ENFORCED: ReadonlySet<Constraint['type']> = new Set(['foreign_key', 'custom']);

/** What `on_schema_change` may be; what is none of them is `ignore`, as in dbt. */
const ON_SCHEMA_CHANGE: ReadonlySet<unknown> = new Set([
  'ignore',
  'append_new_columns',
  'sync_all_columns',
  'fail',
  null,
]);

/** What a model configures and this product does not do, a sentence each. */
export function configWarnings(model: ModelFile, config: Config): string[] {
  const warnings: string[] = [];
  const say = (what: string): number => warnings.push(`${model.path}: ${what}`);
  if (config['sql_header'] !== undefined && config['sql_header'] !== null)
    say('sql_header is not run: the model is kept by its SELECT alone');
  if (config['materialized'] === 'external')
    say('the materialization external is kept as a table: no file is written, and its location is not used');
  if (config['database'] !== undefined && config['database'] !== null)
    say('database is not used, its relation is in the warehouse');
  const onSchemaChange = config['on_schema_change'];
  if (onSchemaChange !== undefined && !ON_SCHEMA_CHANGE.has(onSchemaChange))
    say(`Invalid value for on_schema_change (${JSON.stringify(onSchemaChange)}) specified, as good as ignore`);
  const { constraints = [], columns = [] } = model.properties ?? {};
  const rules = [...constraints, ...columns.flatMap((column) => column.constraints)];
  const isStored = config['materialized'] === 'table' || config['materialized'] === 'incremental';
  const types = [...new Set(rules.map(({ type }) => type))].filter((type) => !isStored || NOT_ENFORCED.has(type));
  if (isEnforced(config) && types.length > 0) {
    const where = isStored ? '' : ' on what is not stored';
    say(
      `constraints (${types.join(', ')}) are not enforced${where}, names and types of its contract are; a data test with gate: true keeps rows out`,
    );
  }
  return warnings;
}
