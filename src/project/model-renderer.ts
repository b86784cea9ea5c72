import { mergeConfig, type Config } from './config-tree.ts';
import { relationValue } from './dbt-context.ts';
import { LensError } from '../core/errors.ts';
import type { Value } from './jinja/values.ts';
import { isEnabled, materializedOf, type ModelFile } from './model-files.ts';
import { nodeValue, relationNames, type NamedNode } from './node-names.ts';
import type { Dependencies, Materialized, Model, ProjectRenderer, RelationNaming } from './project-contract.ts';
import { ReferenceCapture, type ReferenceTable } from './references.ts';
import { qualified } from './relation-naming.ts';
import type { TemplateEngine } from './template-engine.ts';

/** A model whose template has been rendered once: its configuration and what it reads are known. */
export interface ModelDraft {
  readonly file: ModelFile;
  readonly config: Config;
  readonly materialized: Materialized;
  readonly schema: string;
  readonly alias: string;
  readonly dependsOn: Dependencies;
}

/** Renders a model's file for the first time. Null when the model is not enabled. */
export function draftModel(file: ModelFile, engine: TemplateEngine, names: ReferenceTable): ModelDraft | null {
  if (!isEnabled(file.declared)) return null;
  const resolver = new ReferenceCapture(names, qualified);
  const config = { declared: file.declared, captured: {} as Config };
  const self = {
    kind: 'model',
    name: file.name,
    schema: engine.settings.target.schema,
    identifier: file.name,
  } as const;
  const own = { this: relationValue(self, qualified), model: modelValue(file, engine, config.declared) };
  try {
    engine.render(file.template, { resolver, config, names: own });
  } catch (error) {
    // what a model reads does not matter once it has said that it is not enabled
    if (!isEnabled(mergeConfig(config.declared, config.captured))) return null;
    throw error;
  }
  const merged = mergeConfig(config.declared, config.captured);
  if (!isEnabled(merged)) return null;
  return {
    file,
    config: merged,
    materialized: materializedOf(file, merged),
    ...relationNames(nodeOf(file, engine), merged, engine),
    dependsOn: resolver.dependsOn,
  };
}

function nodeOf(file: ModelFile, engine: TemplateEngine): NamedNode {
  const { name, path, fqn } = file;
  return { resourceType: 'model', name, packageName: engine.settings.name, path, fqn };
}

function modelValue(file: ModelFile, engine: TemplateEngine, config: Config): Value {
  return nodeValue(nodeOf(file, engine), config);
}

/** Renders the models of a loaded project. */
export class ModelRenderer implements ProjectRenderer {
  readonly #drafts: ReadonlyMap<string, ModelDraft>;
  readonly #references: ReferenceTable;
  readonly #engine: TemplateEngine;

  constructor(drafts: ReadonlyMap<string, ModelDraft>, references: ReferenceTable, engine: TemplateEngine) {
    this.#drafts = drafts;
    this.#references = references;
    this.#engine = engine;
  }

  /** The model's SELECT, without the ephemeral models it reads. MODEL_RENDER_FAILED with file and line. */
  model(model: Model, naming: RelationNaming): string {
    const draft = this.#drafts.get(model.name);
    if (draft === undefined) throw new LensError('INTERNAL', `model ${model.name} is not of this project`);
    const { file, schema, alias } = draft;
    const self = relationValue({ kind: 'model', name: file.name, schema, identifier: alias }, naming);
    return this.#engine.render(file.template, {
      resolver: new ReferenceCapture(this.#references, naming),
      config: { declared: draft.config, captured: {} },
      names: { this: self, model: modelValue(file, this.#engine, draft.config) },
    });
  }
}
