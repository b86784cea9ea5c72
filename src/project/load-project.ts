import { resolve } from 'node:path';
import { makeAnalyses, readAnalyses } from './analyses.ts';
import { describe, describeColumns, docBlocksOf } from './columns.ts';
import { makeTest, type TestDefinition, type TestSurroundings } from './data-test.ts';
import { draftModels } from './draft-models.ts';
import { loadExposures } from './exposures.ts';
import { withFaulty } from './faulty-models.ts';
import { sortModels } from './graph.ts';
import { groupOf, loadGroups } from './groups.ts';
import { unknownProjectKeys } from './known-keys.ts';
import { loadParts, type LoadedPart, type LoadedParts } from './load-parts.ts';
import { configWarnings, readModelFiles, tagsOf, twice } from './model-files.ts';
import { requireAccess } from './model-access.ts';
import { accessOf, modelContract } from './model-contract.ts';
import { ModelRenderer, type ModelDraft } from './model-renderer.ts';
import type { DataTest, LoadOptions, Model, Project, SelectorDefinition } from './project-contract.ts';
import { HookRenderer } from './hook-renderer.ts';
import { readOperations } from './hooks.ts';
import { uniqueId } from './node-names.ts';
import { projectFlags } from './project-file.ts';
import { indexProperties, unmatched } from './property-index.ts';
import { propertyWarnings } from './property-warnings.ts';
import type { Answers, AskedRows, Question } from './questions.ts';
import { unknownModel } from './references.ts';
import { requireUsableSchemas } from './reserved-schemas.ts';
import { joinSeeds, loadSeeds, withoutSeeds } from './seeds.ts';
import { readSelectors } from './selectors-file.ts';
import { joinSources, loadSources } from './sources.ts';
import { genericTests, singularTests } from './test-definitions.ts';
import { loadUnitTests } from './unit-tests.ts';
import { unusedConfig } from './unused-config.ts';

/**
 * Reads a dbt project with the packages that are installed in it: dbt_project.yml, macros, models with their yml files,
 * seeds, and data tests. Every template is rendered once, so that the graph is known and what is wrong is told now:
 * PROJECT_NOT_FOUND, PROJECT_INVALID, MODEL_UNKNOWN_REF, MODEL_CYCLE, MODEL_RENDER_FAILED, each with file and, where it is
 * known, line. What is not run is left out with all that depends on it, and named in `warnings`.
 */
export function loadProject(dir: string, options: LoadOptions = {}): Project {
  const root = resolve(dir);
  const loaded = loadParts(root, options);
  const [first, ...packages] = loaded.parts;
  const { isFed = () => false } = options;
  const own = readPart(root, first, isFed);
  const read = [own, ...packages.map((one) => readPart(root, one, isFed))];
  const selectors = readSelectors(root, first.part.engine);
  return makeProject({ ...loaded, root, own, read, selectors, broken: new Map() }, options.answers ?? new Map());
}

/** All that has been read of a folder. */
interface ReadFolder extends LoadedParts {
  readonly root: string;
  readonly own: ReturnType<typeof readPart>;
  /** That of the packages, too. */
  readonly read: readonly ReturnType<typeof readPart>[];
  readonly selectors: readonly SelectorDefinition[];
  /** Seeds that cannot be loaded, with the reason. */
  readonly broken: ReadonlyMap<string, string>;
}

/** The project of a folder that has been read, with the answers to what its templates ask as far as they are known. */
function makeProject(folder: ReadFolder, known: Answers): Project {
  const { root, parts, target, missing, docs, own, read, selectors, broken } = folder;
  const [{ part: rootPart, yamls: rootYamls }] = parts;
  const { file, engine } = rootPart;
  const sources = joinSources(read.map((one) => one.sources));
  const seeds = withoutSeeds(joinSeeds(read.map((one) => one.seeds)), broken);
  const files = read.flatMap((one) => one.files);
  const left = new Map([...parts.flatMap((one) => [...one.left.names]), ...broken]);
  const ownFirst = projectFlags(root)['require_ref_searches_node_package_before_root'] === true;
  const drafted = draftModels(files, { sources, seeds, left }, known, { project: file.name, ownFirst });
  const { drafts, references } = drafted;
  const described = describeAll(drafts);
  const models = sortModels(described.models);
  requireUsableSchemas({ models, seeds: seeds.seeds, sources: sources.tables });

  const renderer = new ModelRenderer(drafts, references, drafted.answers, engine);
  const model = (name: string): Model => {
    const found = models.find((one) => one.name === name);
    if (found === undefined) throw unknownModel(name, references);
    return found;
  };
  const singular = read.flatMap((one) => one.singular);
  const definitions = [...sources.tests, ...seeds.tests, ...described.tests, ...singular];
  const surroundings: TestSurroundings = {
    references,
    answers: known,
    models: (naming) => ({ model, render: (one) => renderer.model(one, naming) }),
  };
  const tests = makeTests(definitions, surroundings);
  const analyses = makeAnalyses(
    read.flatMap((one) => one.analyses),
    surroundings,
  );
  const exposures = parts.map(({ part, yamls }) => loadExposures(yamls, part, references));
  const unitTests = parts.map(({ part, yamls }) => loadUnitTests(yamls, part, models));
  const groups = parts.flatMap(({ part, yamls }) => loadGroups(yamls, part));
  requireAccess({
    models,
    seeds: seeds.seeds,
    tests: tests.tests,
    exposures: exposures.flatMap((one) => one.exposures),
    groups,
    restricting: new Set(parts.flatMap(({ part }) => (part.file.restrictsAccess ? [part.file.name] : []))),
    model,
  });
  const warnings = [
    ...missing,
    ...target.undone,
    ...parts.flatMap((one) => one.left.warnings),
    ...drafted.warnings,
    ...engine.macros.warnings,
    ...databaseNames(rootPart),
    ...rootYamls.flatMap(propertyWarnings),
    ...sources.warnings,
    ...seeds.warnings,
    ...described.warnings,
    ...tests.warnings,
    ...analyses.warnings,
    ...exposures.flatMap((one) => one.warnings),
    ...unitTests.flatMap((one) => one.warnings),
    ...unmatched(own.properties, {
      models: [...names(own.files), ...own.seeds.names],
      seeds: own.seeds.names,
      analyses: names(own.analyses),
      tests: names(own.singular),
    }),
    ...unknownProjectKeys(file.yaml),
    ...unusedConfig(file, 'models', fqns(files)),
    ...unusedConfig(file, 'seeds', seeds.fqns),
    ...unusedConfig(file, 'sources', sources.fqns),
    ...unusedConfig(
      file,
      'exposures',
      exposures.flatMap((one) => one.fqns),
    ),
    ...unusedConfig(
      file,
      'unit_tests',
      unitTests.flatMap((one) => one.fqns),
    ),
    ...['data_tests' as const, 'tests' as const].flatMap((kind) => unusedConfig(file, kind, fqns(definitions))),
    ...[...drafts.values()].flatMap((draft) => configWarnings(draft.file, draft.config)),
  ];
  const project: Project = {
    name: file.name,
    dir: root,
    target: target.name,
    schema: target.schema,
    vars: engine.settings.vars,
    packages: parts.slice(1).map(
      ({
        part: {
          file: { name, version, folder },
        },
      }) => ({ name, version, folder }),
    ),
    models,
    seeds: seeds.seeds,
    sources: sources.tables,
    tests: tests.tests,
    unitTests: unitTests.flatMap((one) => one.unitTests),
    analyses: analyses.analyses,
    exposures: exposures.flatMap((one) => one.exposures),
    groups,
    docs,
    selectors,
    warnings,
    leftOut: drafted.leftOut,
    withoutSeeds: (seeds) => makeProject({ ...folder, broken: seeds }, known),
    waiting: drafted.waiting,
    faulty: new Map(),
    asked: new Map([...drafted.asked, ...tests.asked]),
    questions: [...drafted.questions, ...tests.questions],
    answering: (answers) => makeProject(folder, answers),
    model,
    renderer,
    operations: readOperations(parts.map(({ part }) => part)),
    hooks: new HookRenderer(new Map(parts.map(({ part }) => [part.file.name, part.engine])), drafts, references),
  };
  return withFaulty(project, drafted.faulty);
}

/** What a part holds, before anything refers to anything. */
function readPart(root: string, { part, yamls }: LoadedPart, isFed: NonNullable<LoadOptions['isFed']>) {
  const properties = indexProperties(yamls);
  return {
    properties,
    sources: loadSources(yamls, part, isFed),
    seeds: loadSeeds(root, part, properties),
    files: readModelFiles(root, part, properties.models),
    singular: singularTests(root, part, properties.singularTests),
    analyses: readAnalyses(root, part, properties.analyses),
  };
}

/** There is one warehouse, so no macro decides on databases. */
function databaseNames({ engine }: LoadedPart['part']): string[] {
  const path = engine.macros.fileOf('generate_database_name');
  return path === undefined ? [] : [`${path}: generate_database_name is not used, all relations are in the warehouse`];
}

function fqns(all: readonly { readonly fqn: readonly string[] }[]): (readonly string[])[] {
  return all.map(({ fqn }) => fqn);
}

function names(all: readonly { readonly name: string }[]): string[] {
  return all.map(({ name }) => name);
}

function describeAll(drafts: ReadonlyMap<string, ModelDraft>): {
  models: Model[];
  tests: TestDefinition[];
  warnings: string[];
} {
  const tests: TestDefinition[] = [];
  const warnings: string[] = [];
  const models = [...drafts.values()].map((draft): Model => {
    const { name, ownName, version, path, fqn, rawSql, properties, part } = draft.file;
    const { engine, file } = part;
    const { config, written, materialized, schema, alias, dependsOn } = draft;
    const relation = {
      kind: 'model',
      name,
      ownName,
      schema,
      identifier: alias,
      version: version ?? undefined,
    } as const;
    const own = properties === undefined ? undefined : genericTests(properties, relation, part);
    tests.push(...(own?.definitions ?? []));
    warnings.push(...(own?.warnings ?? []));
    const columns = properties === undefined ? [] : describeColumns(properties, own?.byColumn ?? new Map(), engine);
    const describedAt = properties === undefined ? null : properties.yaml.place(properties.at);
    const about = { name, place: describedAt ?? path };
    return {
      name,
      ownName,
      uniqueId: uniqueId({ resourceType: 'model', packageName: file.name, name: ownName, version }),
      packageName: file.name,
      version: version === null ? null : { of: version.of, v: version.v, latest: version.latest },
      path,
      describedAt,
      fqn,
      materialized,
      schema,
      alias,
      config,
      writtenConfig: written,
      meta: (config['meta'] ?? {}) as Record<string, unknown>,
      tags: tagsOf(config),
      description: properties === undefined ? '' : describe(properties, engine),
      docBlocks: properties === undefined ? [] : docBlocksOf(properties, engine),
      columns,
      rawSql,
      dependsOn,
      access: accessOf(config, about),
      group: groupOf(config),
      contract: modelContract(config, properties, columns, about),
    };
  });
  return { models, tests, warnings };
}

function makeTests(
  definitions: readonly TestDefinition[],
  surroundings: TestSurroundings,
): { tests: DataTest[]; questions: Question[]; asked: Map<string, readonly AskedRows[]>; warnings: string[] } {
  const tests = new Map<string, { test: DataTest; place: string }>();
  const warnings: string[] = [];
  const questions: Question[] = [];
  const asked = new Map<string, readonly AskedRows[]>();
  for (const definition of definitions) {
    const made = makeTest(definition, surroundings);
    if (made === null) continue;
    if (made.asked !== undefined && made.asked.length > 0) asked.set(definition.uniqueId, made.asked);
    if ('left' in made) {
      warnings.push(made.left);
      continue;
    }
    const { test, question } = made;
    if (question !== null) questions.push(question);
    const other = tests.get(test.uniqueId);
    if (other !== undefined) throw twice('data test', test.name, other.place, definition.place);
    tests.set(test.uniqueId, { test, place: definition.place });
  }
  return {
    tests: [...tests.values()].map(({ test }) => test).sort((a, b) => (a.uniqueId < b.uniqueId ? -1 : 1)),
    questions,
    asked,
    warnings,
  };
}
