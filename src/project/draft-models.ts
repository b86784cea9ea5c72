import { LensError } from '../core/errors.ts';
import { twice, type ModelFile } from './model-files.ts';
import { draftModel, type ModelDraft } from './model-renderer.ts';
import { unknownModel, type ReferenceTable } from './references.ts';
import type { LoadedSeeds } from './seeds.ts';
import type { LoadedSources } from './sources.ts';

export interface Drafts {
  readonly drafts: ReadonlyMap<string, ModelDraft>;
  /** Resolves names from now on, for models and tests. */
  readonly references: ReferenceTable;
  /** Models that are not run, a sentence each. */
  readonly warnings: readonly string[];
}

/** What besides models has a name that ref() and source() may meet. */
export interface OtherNames {
  readonly sources: LoadedSources;
  readonly seeds: LoadedSeeds;
  /** What is not run, with the reason. */
  readonly left: ReadonlyMap<string, string>;
}

/**
 * Renders every model once. While that goes on a ref() resolves to any model of that name; its final place comes after.
 * A model that uses or reads what is not run is left out with all that reads it, a warning each.
 * PROJECT_INVALID for two enabled models of one name or relation.
 */
export function draftModels(files: readonly ModelFile[], others: OtherNames): Drafts {
  const tables = tablesOf(others);
  const byName = new Map(files.map((file) => [file.name, file]));
  const left = new Map([...others.left, ...notEnabled(others.seeds.disabled)]);
  const first: ReferenceTable = {
    ...tables,
    model: (name) => {
      const part = byName.get(name)?.part;
      if (part === undefined) return undefined;
      const { schema } = part.engine.settings.target;
      return { name, packageName: part.file.name, schema, alias: name, materialized: 'view' };
    },
    modelNames: [...byName.keys(), ...tables.seedNames],
    left,
    remembersLeft: true,
    disabled: new Set(others.seeds.disabled.keys()),
  };
  const drafts = new Map<string, ModelDraft>();
  const disabled = notEnabled(others.seeds.disabled);
  const notRun = new Map<string, string>();
  for (const file of files) {
    const drafted = draftModel(file, first);
    if (drafted === 'disabled') {
      disabled.set(file.name, `${file.path} is not enabled`);
      continue;
    }
    const other = drafts.get(file.name)?.file.path ?? notRun.get(file.name);
    if (other !== undefined) throw twice('model', file.name, other, file.path);
    if ('left' in drafted) {
      notRun.set(file.name, drafted.left);
      continue;
    }
    const seed = tables.seed(file.name);
    if (seed !== undefined) throw twice('name', file.name, seed.path, file.path);
    drafts.set(file.name, drafted.draft);
  }
  for (const name of [...drafts.keys(), ...notRun.keys(), ...tables.seedNames]) disabled.delete(name);
  const warnings = leaveOut(drafts, notRun, byName);
  const references: ReferenceTable = {
    ...tables,
    model: (name) => {
      const draft = drafts.get(name);
      return draft === undefined ? undefined : { ...draft, name, packageName: draft.file.part.file.name };
    },
    modelNames: [...drafts.keys(), ...tables.seedNames],
    left: new Map([...others.left, ...notRun, ...disabled]),
    remembersLeft: false,
    disabled: new Set(disabled.keys()),
  };
  checkDrafts(drafts, others.seeds, references);
  return { drafts, references, warnings };
}

function tablesOf({ sources, seeds }: OtherNames) {
  const bySource = new Map(sources.tables.map((source) => [`${source.sourceName}.${source.name}`, source]));
  const bySeed = new Map(seeds.seeds.map((seed) => [seed.name, seed]));
  return {
    seed: (name: string) => bySeed.get(name),
    seedNames: [...bySeed.keys()],
    source: (sourceName: string, name: string) => bySource.get(`${sourceName}.${name}`),
    sourceNames: [...bySource.keys()],
    leftSources: sources.external,
    disabledSources: sources.disabled,
  };
}

function notEnabled(paths: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...paths].map(([name, path]) => [name, `${path} is not enabled`]));
}

/** Moves drafts that read what is not run, directly or through others, to `notRun`. Gives a sentence for each that is there. */
function leaveOut(
  drafts: Map<string, ModelDraft>,
  notRun: Map<string, string>,
  files: ReadonlyMap<string, ModelFile>,
): string[] {
  const warnings = [...notRun].map(([name, why]) => `${why}; so the model ${name} is left out`);
  for (let changed = true; changed;) {
    changed = false;
    for (const [name, { left, dependsOn }] of drafts) {
      const input = [...left.keys(), ...dependsOn.models].find((one) => left.has(one) || notRun.has(one));
      if (input === undefined) continue;
      const path = files.get(name)?.path ?? name;
      const why = left.get(input) ?? `the model ${input} is left out`;
      warnings.push(`${path}: the model ${name} is left out, since it reads ${input}: ${why}`);
      notRun.set(name, `${path} is left out, since it reads ${input}`);
      drafts.delete(name);
      changed = true;
    }
  }
  return warnings;
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
