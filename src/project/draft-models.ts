import { LensError } from '../core/errors.ts';
import { twice, type ModelFile } from './model-files.ts';
import { draftModel, type ModelDraft } from './model-renderer.ts';
import { unknownModel, type ReferenceTable } from './references.ts';
import type { LoadedSeeds } from './seeds.ts';
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
  seeds: LoadedSeeds,
  left: ReadonlyMap<string, string>,
  engine: TemplateEngine,
): Drafts {
  const names = new Set(files.map((file) => file.name));
  const bySource = new Map(sources.tables.map((source) => [`${source.sourceName}.${source.name}`, source]));
  const bySeed = new Map(seeds.seeds.map((seed) => [seed.name, seed]));
  const others = {
    seed: (name: string) => bySeed.get(name),
    source: (sourceName: string, name: string) => bySource.get(`${sourceName}.${name}`),
    sourceNames: [...bySource.keys()],
    disabledSources: sources.disabled,
  };
  const { schema } = engine.settings.target;
  const first: ReferenceTable = {
    ...others,
    model: (name) => (names.has(name) ? { name, schema, alias: name, materialized: 'view' } : undefined),
    modelNames: [...names, ...bySeed.keys()],
    left: new Map([...left, ...notEnabled(seeds.disabled)]),
    disabled: new Set(),
  };
  const drafts = new Map<string, ModelDraft>();
  const disabled = notEnabled(seeds.disabled);
  for (const file of files) {
    const draft = draftModel(file, engine, first);
    if (draft === null) {
      disabled.set(file.name, `${file.path} is not enabled`);
      continue;
    }
    const other = drafts.get(file.name);
    if (other !== undefined) throw twice('model', file.name, other.file.path, file.path);
    const seed = bySeed.get(file.name);
    if (seed !== undefined) throw twice('name', file.name, seed.path, file.path);
    drafts.set(file.name, draft);
  }
  for (const name of [...drafts.keys(), ...bySeed.keys()]) disabled.delete(name);
  const references: ReferenceTable = {
    ...others,
    model: (name) => {
      const draft = drafts.get(name);
      return draft === undefined
        ? undefined
        : { name, schema: draft.schema, alias: draft.alias, materialized: draft.materialized };
    },
    modelNames: [...drafts.keys(), ...bySeed.keys()],
    left: new Map([...left, ...disabled]),
    disabled: new Set(disabled.keys()),
  };
  checkDrafts(drafts, seeds, references);
  return { drafts, references };
}

function notEnabled(paths: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...paths].map(([name, path]) => [name, `${path} is not enabled`]));
}

function checkDrafts(
  drafts: ReadonlyMap<string, ModelDraft>,
  { seeds }: LoadedSeeds,
  references: ReferenceTable,
): void {
  const relations = new Map<string, string>();
  for (const { schema, alias, path } of seeds) addRelation(relations, { schema, alias, path });
  for (const draft of drafts.values()) {
    const missing = draft.dependsOn.models.find((name) => !drafts.has(name));
    if (missing !== undefined) {
      const error = unknownModel(missing, references);
      throw new LensError(error.code, error.message, { place: draft.file.path, hint: error.hint });
    }
    const { schema, alias, materialized, file } = draft;
    if (materialized !== 'ephemeral') addRelation(relations, { schema, alias, path: file.path });
  }
}

function addRelation(
  relations: Map<string, string>,
  { schema, alias, path }: { readonly schema: string; readonly alias: string; readonly path: string },
): void {
  const relation = `${schema}.${alias}`.toLowerCase();
  const other = relations.get(relation);
  if (other !== undefined) throw twice('relation', relation, other, path);
  relations.set(relation, path);
}
