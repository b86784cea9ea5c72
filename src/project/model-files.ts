import { LensError } from '../core/errors.ts';
import { asList, mergeConfig, treeConfig, type Config } from './config-tree.ts';
import type { ConfigCapture } from './dbt-context.ts';
import { largeAsText } from './jinja/numbers.ts';
import type { Template } from './jinja/template.ts';
import { parseFile } from './macro-library.ts';
import { isEnforced } from './model-contract.ts';
import type { Materialized } from './project-contract.ts';
import type { ProjectFile } from './project-file.ts';
import { filesBelow, fileText, foldersBelow, stem } from './project-files.ts';
import type { Properties } from './properties.ts';
import type { TemplateEngine } from './template-engine.ts';

/** A model's file with what is declared of it, before its own template has been rendered. */
export interface ModelFile {
  readonly name: string;
  readonly path: string;
  readonly fqn: readonly string[];
  readonly template: Template;
  readonly rawSql: string;
  readonly properties: Properties | undefined;
  /** dbt_project.yml and the yml file, rendered. */
  readonly declared: Config;
}

/** Reads all models/**.sql. Two may have the same name, as long as one of them is enabled at most. */
export function readModelFiles(
  dir: string,
  file: ProjectFile,
  properties: ReadonlyMap<string, Properties>,
  engine: TemplateEngine,
): ModelFile[] {
  const models: ModelFile[] = [];
  for (const path of file.modelPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/))) {
    const name = stem(path);
    const fqn = [file.name, ...foldersBelow(path, file.modelPaths), name];
    const said = properties.get(name);
    const tree = treeConfig(file.models, fqn, (value) => engine.yaml(value, file.yaml.place(['models'])));
    const own = said === undefined ? {} : (engine.yaml(said.config, said.yaml.place(said.at)) as Config);
    const rawSql = fileText(dir, path);
    const declared = mergeConfig(tree, own);
    models.push({ name, path, fqn, template: parseFile(rawSql, path), rawSql, properties: said, declared });
  }
  return models;
}

export function twice(kind: string, name: string, first: string, second: string): LensError {
  return new LensError('PROJECT_INVALID', `the ${kind} ${name} is there twice: in ${first} and ${second}`, {
    place: second,
    hint: 'rename or remove one of them',
  });
}

const MATERIALIZED: readonly string[] = ['view', 'table', 'incremental', 'ephemeral'] satisfies Materialized[];

/** The materialization of a model's configuration: `view` when nothing is said, as in dbt. */
export function materializedOf(model: Pick<ModelFile, 'name' | 'path'>, config: Config): Materialized {
  const materialized = config['materialized'] ?? 'view';
  if (typeof materialized === 'string' && MATERIALIZED.includes(materialized)) return materialized as Materialized;
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

/** What a model configures and this product does not do, a sentence each. */
export function configWarnings(model: ModelFile, config: Config): string[] {
  const warnings: string[] = [];
  const say = (what: string): number => warnings.push(`${model.path}: ${what}`);
  for (const hook of ['pre_hook', 'post_hook']) if (asList(config[hook]).length > 0) say(`${hook} is not run`);
  if (config['sql_header'] !== undefined && config['sql_header'] !== null) say('sql_header is not run');
  if (config['database'] !== undefined && config['database'] !== null)
    say('database is not used, its relation is in the warehouse');
  if (isEnforced(config)) say('its contract is not enforced');
  return warnings;
}

export function emptyCapture(declared: Config): ConfigCapture {
  return { declared, captured: {} };
}
