import { LensError } from '../core/errors.ts';
import { twice, type ModelFile } from './model-files.ts';
import { draftModel, type ModelDraft } from './model-renderer.ts';
import { unknownModel, type ReferenceTable } from './references.ts';
import type { LoadedSources } from './sources.ts';
import type { TemplateEngine } from './template-engine.ts';

export interface Drafts {
  readonly drafts: ReadonlyMap<string, ModelDraft>;
  /** Resolves names from now on, for models and tests. */
  readonly references: ReferenceTable;
}

/**
 * Renders every model once. While that goes on a ref() resolves to any model of that name; its final place comes after.
 * PROJECT_INVALID for two enabled models of one name or relation.
 *
 * @param left names that are no models, with the reason
 */
export function draftModels(
  files: readonly ModelFile[],
  sources: LoadedSources,
  left: ReadonlyMap<string, string>,
  engine: TemplateEngine,
): Drafts {
  const names = new Set(files.map((file) => file.name));
  const bySource = new Map(sources.tables.map((source) => [`${source.sourceName}.${source.name}`, source]));
  const ofSources = {
    source: (sourceName: string, name: string) => bySource.get(`${sourceName}.${name}`),
    sourceNames: [...bySource.keys()],
    disabledSources: sources.disabled,
  };
  const { schema } = engine.settings.target;
  const first: ReferenceTable = {
    ...ofSources,
    model: (name) => (names.has(name) ? { name, schema, alias: name, materialized: 'view' } : undefined),
    modelNames: [...names],
    left,
    disabled: new Set(),
  };
  const drafts = new Map<string, ModelDraft>();
  const disabled = new Map<string, string>();
  for (const file of files) {
    const draft = draftModel(file, engine, first);
    if (draft === null) {
      disabled.set(file.name, `${file.path} is not enabled`);
      continue;
    }
    const other = drafts.get(file.name);
    if (other !== undefined) throw twice('model', file.name, other.file.path, file.path);
    drafts.set(file.name, draft);
  }
  for (const name of drafts.keys()) disabled.delete(name);
  const references: ReferenceTable = {
    ...ofSources,
    model: (name) => {
      const draft = drafts.get(name);
      return draft === undefined
        ? undefined
        : { name, schema: draft.schema, alias: draft.alias, materialized: draft.materialized };
    },
    modelNames: [...drafts.keys()],
    left: new Map([...left, ...disabled]),
    disabled: new Set(disabled.keys()),
  };
  checkDrafts(drafts, references);
  return { drafts, references };
}

function checkDrafts(drafts: ReadonlyMap<string, ModelDraft>, references: ReferenceTable): void {
  const relations = new Map<string, ModelDraft>();
  for (const draft of drafts.values()) {
    const missing = draft.dependsOn.models.find((name) => !drafts.has(name));
    if (missing !== undefined) {
      const error = unknownModel(missing, references);
      throw new LensError(error.code, error.message, { place: draft.file.path, hint: error.hint });
    }
    const relation = `${draft.schema}.${draft.alias}`.toLowerCase();
    const other = relations.get(relation);
    if (other !== undefined && draft.materialized !== 'ephemeral')
      throw twice('relation', relation, other.file.path, draft.file.path);
    if (draft.materialized !== 'ephemeral') relations.set(relation, draft);
  }
}
