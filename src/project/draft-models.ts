import { meantBy, type NamedInPackage, type SearchOrder, withOwnNames } from './same-names.ts';
import { LensError } from '../core/errors.ts';
import { isOfTemplate } from './faulty-models.ts';
import { graphValue } from './graph-values.ts';
import type { Value } from './jinja/values.ts';
import { twice, type ModelFile } from './model-files.ts';
import { draftModel, renderDraft, type ModelDraft } from './model-renderer.ts';
import {
  Interview,
  PendingQuestion,
  WaitingQuestion,
  type Answer,
  type Answers,
  type AskedRows,
  type Question,
} from './questions.ts';
import { unknownModel, type ReferenceTable } from './references.ts';
import { atAnyRun, type RunMoment } from './run-moment.ts';
import { qualified } from './relation-naming.ts';
import type { LoadedSeeds } from './seeds.ts';
import type { LoadedSources } from './sources.ts';

export interface Drafts {
  readonly drafts: ReadonlyMap<string, ModelDraft>;
  /** Resolves names from now on, for models and tests. */
  readonly references: ReferenceTable;
  /** By model, what its first rendering for SQL was answered. */
  readonly answers: ReadonlyMap<string, readonly Answer[]>;
  /** By model, the rows of tables that its SQL follows from. */
  readonly asked: ReadonlyMap<string, readonly AskedRows[]>;
  /** Models that cannot be rendered with the rows there are, with the reason. */
  readonly waiting: ReadonlyMap<string, string>;
  /** Models whose template raises where it is rendered for SQL. */
  readonly faulty: ReadonlyMap<string, LensError>;
  /** What templates ask and nobody has answered. */
  readonly questions: readonly Question[];
  /** Models that are not run, a sentence each. */
  readonly warnings: readonly string[];
  /** What has a model's name and is not run, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
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
 * PROJECT_INVALID for two enabled models of one name in one package, or of one relation.
 */
export function draftModels(
  given: readonly ModelFile[],
  others: OtherNames,
  known: Answers,
  order: SearchOrder,
): Drafts {
  const seedsByName = new Map(others.seeds.seeds.map((seed) => [seed.name, seed]));
  const before = parsingTable(given, others, order);
  const files = withOwnNames(given, seedsByName, (file) => draftModel(file, before) !== 'disabled');
  const tables = tablesOf(files, others);
  const byName = new Map(files.map((file) => [file.name, file]));
  const first = parsingTable(files, others, order);
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
  const warnings = leaveOut(drafts, notRun, byName, new Set());
  const told = new Set(notRun.keys());
  let graph: Value | undefined;
  const references: ReferenceTable = {
    meant: meantBy(
      namedIn(
        [...drafts.values()].map(({ file }) => file),
        others,
      ),
      order,
    ),
    graph: () => (graph ??= graphValue(drafts, others.seeds.seeds, others.sources.tables)),
    relationAt: (schema, identifier) => relationAt(drafts, others, schema, identifier),
    ...tables,
    model: (name) => {
      const draft = drafts.get(name);
      return draft === undefined ? undefined : { ...draft, name, packageName: draft.file.part.file.name };
    },
    modelNames: [...drafts.keys(), ...tables.seedNames],
    get left() {
      return new Map([...others.left, ...notRun, ...disabled]);
    },
    remembersLeft: false,
    disabled: new Set(disabled.keys()),
  };
  checkDrafts(drafts, others.seeds, references);
  const rendered = renderAll(drafts, notRun, references, known);
  warnings.push(...leaveOut(drafts, notRun, byName, told));
  const leftOut = new Map([...others.left, ...notRun]);
  return { drafts, references, ...rendered, warnings, leftOut };
}

/** What templates refer to while they are parsed: a model of that name, wherever its relation will be. */
function parsingTable(files: readonly ModelFile[], others: OtherNames, order: SearchOrder): ReferenceTable {
  const tables = tablesOf(files, others);
  const byName = new Map(files.map((file) => [file.name, file]));
  return {
    ...tables,
    meant: meantBy(namedIn(files, others), order),
    model: (name) => {
      const part = byName.get(name)?.part;
      if (part === undefined) return undefined;
      const { schema } = part.engine.settings.target;
      return { name, packageName: part.file.name, schema, alias: name, materialized: 'view' };
    },
    modelNames: [...byName.keys(), ...tables.seedNames],
    left: new Map([...others.left, ...notEnabled(others.seeds.disabled)]),
    relationAt: () => undefined,
    graph: () => null,
    remembersLeft: true,
    disabled: new Set(others.seeds.disabled.keys()),
  };
}

/** Models, but versions, and seeds. */
function namedIn(files: readonly ModelFile[], { seeds }: OtherNames): NamedInPackage[] {
  const models = files.filter(({ version }) => version === null);
  return [...models.map(({ name, ownName, part }) => ({ name, ownName, packageName: part.file.name })), ...seeds.seeds];
}

/** Renders every draft for its SQL, with what templates ask the warehouse answered as far as it is known. */
function renderAll(
  drafts: ReadonlyMap<string, ModelDraft>,
  notRun: Map<string, string>,
  references: ReferenceTable,
  known: Answers,
): Pick<Drafts, 'answers' | 'asked' | 'questions' | 'waiting' | 'faulty'> {
  const answers = new Map<string, readonly Answer[]>();
  const asked = new Map<string, readonly AskedRows[]>();
  const waiting = new Map<string, string>();
  const faulty = new Map<string, LensError>();
  const questions: Question[] = [];
  for (const [name, draft] of drafts) {
    let interview = Interview.first(known);
    const render = (moment: RunMoment): { sql: string; answers: readonly Answer[] } => {
      interview = Interview.first(known);
      const sql = renderDraft(draft, references, qualified, interview, undefined, moment);
      return { sql, answers: interview.answers };
    };
    try {
      answers.set(name, atAnyRun(draft.file.path, render, ({ sql }) => sql).answers);
    } catch (error) {
      if (error instanceof PendingQuestion) questions.push(error.question);
      else if (error instanceof WaitingQuestion) waiting.set(name, `${draft.file.path}: ${error.reason}`);
      else if (isUnsupported(error)) notRun.set(name, `${error.place}: ${error.message}`);
      // over other rows it may well be rendered: `for value in none`
      else if (error instanceof LensError && interview.askedRows.length > 0)
        waiting.set(name, `${error.place}: ${error.message}`);
      // parsed it can be, so that dbt, too, goes on with the other models
      else if (isOfTemplate(error)) faulty.set(name, error);
      else throw error;
    }
    if (interview.askedRows.length > 0) asked.set(name, interview.askedRows);
  }
  return { answers, asked, questions, waiting, faulty };
}

function isUnsupported(error: unknown): error is LensError {
  return error instanceof LensError && error.code === 'MODEL_NOT_SUPPORTED';
}

/** Models, seeds and source tables by their place in the warehouse. */
function relationAt(
  drafts: ReadonlyMap<string, ModelDraft>,
  { seeds, sources }: OtherNames,
  schema: string,
  identifier: string,
): ReturnType<ReferenceTable['relationAt']> {
  for (const [name, draft] of drafts) {
    if (draft.schema !== schema || draft.alias !== identifier || draft.materialized === 'ephemeral') continue;
    const type = draft.materialized === 'view' ? 'view' : 'table';
    return { relation: { kind: 'model', name, schema, identifier }, type };
  }
  const seed = seeds.seeds.find((one) => one.schema === schema && one.alias === identifier);
  if (seed !== undefined) return { relation: { kind: 'seed', name: seed.name, schema, identifier }, type: 'table' };
  const source = sources.tables.find((one) => one.schema === schema && one.table === identifier);
  if (source === undefined) return undefined;
  const name = `${source.sourceName}.${source.name}`;
  return { relation: { kind: 'source', name, schema, identifier }, type: 'table' };
}

function tablesOf(files: readonly ModelFile[], { sources, seeds }: OtherNames) {
  const versions = versionsOf(files);
  const bySource = new Map(sources.tables.map((source) => [`${source.sourceName}.${source.name}`, source]));
  const bySeed = new Map(seeds.seeds.map((seed) => [seed.name, seed]));
  return {
    seed: (name: string) => bySeed.get(name),
    seedAt: (schema: string, table: string) =>
      seeds.seeds.find((seed) => seed.schema === schema && seed.alias === table),
    seedNames: [...bySeed.keys()],
    source: (sourceName: string, name: string) => bySource.get(`${sourceName}.${name}`),
    versionOf: (name: string, version: string | null) => versions.get(name)?.(version),
    sourceNames: [...bySource.keys()],
    leftSources: sources.external,
    disabledSources: sources.disabled,
  };
}

/** By the name that the versions of a model share: how to find the name of one. */
function versionsOf(files: readonly ModelFile[]): ReadonlyMap<string, (version: string | null) => string | null> {
  const found = new Map<string, ModelFile[]>();
  for (const file of files)
    if (file.version !== null) found.set(file.version.of, [...(found.get(file.version.of) ?? []), file]);
  return new Map(
    [...found].map(([of, all]) => [
      of,
      (wanted) =>
        all.find(({ version }) => (wanted === null ? version?.v === version?.latest : String(version?.v) === wanted))
          ?.name ?? null,
    ]),
  );
}

function notEnabled(paths: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...paths].map(([name, path]) => [name, `${path} is not enabled`]));
}

/** Takes out drafts that are not run, and those that read them, directly or through others. Gives a sentence for each. */
function leaveOut(
  drafts: Map<string, ModelDraft>,
  notRun: Map<string, string>,
  files: ReadonlyMap<string, ModelFile>,
  told: ReadonlySet<string>,
): string[] {
  const warnings = [...notRun].flatMap(([name, why]) => {
    drafts.delete(name);
    return told.has(name) ? [] : [`${why}; so the model ${name} is left out`];
  });
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
