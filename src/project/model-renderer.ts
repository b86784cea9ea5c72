import { mergeConfig, type Config } from './config-tree.ts';
import { relationValue } from './relation-values.ts';
import { LensError } from '../core/errors.ts';
import { fromJs, type Value } from './jinja/values.ts';
import { parseFile } from './macro-library.ts';
import { atAnyRun, type RunMoment } from './run-moment.ts';
import { isEnabled, materializedOf, type ModelFile } from './model-files.ts';
import { columnRecords, nodeValue, relationNames, type NamedNode } from './node-names.ts';
import type {
  Dependencies,
  Materialized,
  Model,
  ProjectRenderer,
  RelationNaming,
  RenderOverrides,
} from './project-contract.ts';
import { ReferenceCapture, type ReferenceTable } from './references.ts';
import { Interview, WaitingQuestion, withAnswers, type Answer, type Answers } from './questions.ts';
import { qualified, withDatabase } from './relation-naming.ts';
import type { TemplateEngine } from './template-engine.ts';

/** A model whose template has been rendered once: its configuration and what it reads are known. */
export interface ModelDraft {
  readonly file: ModelFile;
  readonly config: Config;
  /** As it is written, with config() in the SQL. */
  readonly written: Config;
  readonly materialized: Materialized;
  readonly schema: string;
  readonly alias: string;
  readonly dependsOn: Dependencies;
  /** What it reads that is not run, with the reasons. */
  readonly left: ReadonlyMap<string, string>;
}

/** What a first rendering gives: a draft, or why there is none. */
export type Drafted =
  | { readonly draft: ModelDraft }
  /** It is not enabled. */
  | 'disabled'
  /** It uses what this product does not run: a sentence. */
  | { readonly left: string };

/** Renders a model's file for the first time. */
export function draftModel(file: ModelFile, names: ReferenceTable): Drafted {
  const { engine } = file.part;
  const declared = mergeConfig(file.declared, file.imposed);
  if (!isEnabled(declared)) return 'disabled';
  // dbt says nothing, and does not run it either
  if (file.rawSql.trim() === '') return { left: `${file.path}: the file is empty` };
  let resolver = new ReferenceCapture(names, qualified, file.part.file.name);
  let config = { declared, captured: {} as Config };
  const merged = (): Config => mergeConfig(mergeConfig(file.declared, config.captured), file.imposed);
  const self = {
    kind: 'model',
    name: file.name,
    schema: engine.settings.target.schema,
    identifier: file.version === null ? file.ownName : file.name,
  } as const;
  const own = { this: relationValue(self), model: modelNodeValue(file, declared) };
  const parse = (moment: RunMoment): [ReferenceCapture, typeof config] => {
    resolver = new ReferenceCapture(names, qualified, file.part.file.name);
    config = { declared, captured: {} };
    engine.render(file.template, { resolver, config, moment, names: own });
    return [resolver, config];
  };
  try {
    [resolver, config] = atAnyRun(file.path, parse, ([read, { captured }]) =>
      JSON.stringify([read.dependsOn, decisive(captured)]),
    );
  } catch (error) {
    // what a model reads does not matter once it has said that it is not enabled
    if (!isEnabled(merged())) return 'disabled';
    if (!(error instanceof LensError) || error.code !== 'MODEL_NOT_SUPPORTED') throw error;
    return { left: `${error.place}: ${error.message}` };
  }
  if (!isEnabled(merged())) return 'disabled';
  const materialized = materializedOf(file, merged());
  if (materialized === null)
    return { left: `${file.path}: the materialization ${String(merged()['materialized'])} is not run` };
  return {
    draft: {
      file,
      config: merged(),
      written: { ...file.written, ...config.captured },
      materialized,
      ...relationNames(nodeOf(file), merged(), engine),
      dependsOn: resolver.dependsOn,
      left: resolver.left,
    },
  };
}

/** What of a configuration decides about a model's table: hooks and `meta` may be other at each run. */
function decisive(captured: Config): Config {
  return Object.fromEntries(
    Object.entries(captured).filter(([key]) => !['pre_hook', 'post_hook', 'meta', 'query_tag'].includes(key)),
  );
}

function nodeOf({ ownName: name, version, path, fqn, part, rawSql, properties }: ModelFile): NamedNode {
  const more = {
    raw_code: rawSql,
    language: 'sql',
    description: properties?.description ?? '',
    columns: columnRecords(properties?.columns ?? []),
  };
  return { resourceType: 'model', name, version, packageName: part.file.name, path, fqn, more };
}

/**
 * dbt's `model` in a template of a model.
 *
 * @param place of its relation, which is not known while it is parsed
 */
export function modelNodeValue(file: ModelFile, config: Config, place?: Pick<ModelDraft, 'schema' | 'alias'>): Value {
  const node = nodeOf(file);
  if (place === undefined) return nodeValue(node, config);
  const { schema, alias } = place;
  const relationName = config['materialized'] === 'ephemeral' ? null : withDatabase(schema, alias);
  return nodeValue({ ...node, more: { ...node.more, schema, alias, relation_name: relationName } }, config);
}

/** Renders the models of a loaded project. */
export class ModelRenderer implements ProjectRenderer {
  readonly #drafts: ReadonlyMap<string, ModelDraft>;
  readonly #references: ReferenceTable;
  /** By model, what its first rendering for SQL was answered. */
  readonly #answers: ReadonlyMap<string, readonly Answer[]>;
  readonly #engine: TemplateEngine;

  constructor(
    drafts: ReadonlyMap<string, ModelDraft>,
    references: ReferenceTable,
    answers: ReadonlyMap<string, readonly Answer[]>,
    engine: TemplateEngine,
  ) {
    this.#drafts = drafts;
    this.#references = references;
    this.#answers = answers;
    this.#engine = engine;
  }

  /** A template that is no file of the project. MODEL_RENDER_FAILED; throws a PendingQuestion that has no answer yet. */
  inline(sql: string, naming: RelationNaming, answers: Answers): { sql: string; dependsOn: Dependencies } {
    const resolver = new ReferenceCapture(this.#references, naming);
    const names = { resolver, config: { declared: {}, captured: {} }, interview: Interview.first(answers), names: {} };
    try {
      return { sql: this.#engine.render(parseFile(sql, 'inline'), names), dependsOn: resolver.dependsOn };
    } catch (error) {
      if (!(error instanceof WaitingQuestion)) throw error;
      throw new LensError('MODEL_RENDER_FAILED', `the inline query cannot be rendered yet: ${error.reason}`, {
        place: 'inline',
      });
    }
  }

  /** The model's SELECT, without the ephemeral models it reads. MODEL_RENDER_FAILED with file and line. */
  model(model: Model, naming: RelationNaming, overrides?: RenderOverrides): string {
    const draft = this.#drafts.get(model.name);
    if (draft === undefined) throw new LensError('INTERNAL', `model ${model.name} is not of this project`);
    const interview = Interview.again(this.#answers.get(model.name) ?? []);
    return withAnswers(`model ${model.name}`, model.path, () =>
      renderDraft(draft, this.#references, naming, interview, overrides),
    );
  }
}

/**
 * A draft's SELECT. MODEL_RENDER_FAILED when it refers to what it did not when it was parsed, as in dbt: the graph does not
 * know of it.
 */
export function renderDraft(
  { file, schema, alias, config, materialized, dependsOn }: ModelDraft,
  references: ReferenceTable,
  naming: RelationNaming,
  interview: Interview,
  overrides?: RenderOverrides,
  moment?: RunMoment,
): string {
  const self = relationValue({ kind: 'model', name: file.name, schema, identifier: alias });
  const resolver = new ReferenceCapture(references, naming, file.part.file.name);
  const engine = overrides === undefined ? file.part.engine : file.part.engine.with(overrides);
  const constants = Object.entries(overrides?.macros ?? {}).map(([name, value]) => [name, () => fromJs(value)]);
  const sql = engine.render(file.template, {
    resolver,
    config: { declared: config, captured: {} },
    interview,
    moment,
    names: {
      this: self,
      model: modelNodeValue(file, { ...config, materialized }, { schema, alias }),
      ...Object.fromEntries(constants),
    },
  });
  // What a unit test overrides may have another branch of the template read something else.
  if (overrides !== undefined) return sql;
  const { models, seeds, sourceNames } = resolver.dependsOn;
  const late =
    [...models, ...seeds].find((name) => !dependsOn.models.includes(name) && !dependsOn.seeds.includes(name)) ??
    sourceNames.find((name) => !dependsOn.sourceNames.includes(name));
  if (late === undefined) return sql;
  const call = late.includes('.') ? `source('${late.split('.').join("', '")}')` : `ref('${late}')`;
  throw new LensError('MODEL_RENDER_FAILED', `model ${file.name} reads ${late} where execute is true only`, {
    place: file.path,
    hint: `add a line -- depends_on: {{ ${call} }} to the model`,
  });
}
