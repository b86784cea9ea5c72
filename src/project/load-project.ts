import { resolve } from 'node:path';
import { describe, describeColumns } from './columns.ts';
import { makeTest, type TestDefinition, type TestSurroundings } from './data-test.ts';
import type { ProjectSettings } from './dbt-context.ts';
import { draftModels } from './draft-models.ts';
import { docBlocks } from './doc-blocks.ts';
import { sortModels } from './graph.ts';
import { unknownProjectKeys } from './known-keys.ts';
import { loadExposures } from './exposures.ts';
import { groupOf, loadGroups } from './groups.ts';
import { leftOut } from './left-out.ts';
import { MacroLibrary } from './macro-library.ts';
import { configWarnings, readModelFiles, tagsOf, twice } from './model-files.ts';
import { accessOf, modelContract } from './model-contract.ts';
import { ModelRenderer, type ModelDraft } from './model-renderer.ts';
import type { DataTest, LoadOptions, Model, Project } from './project-contract.ts';
import { readProjectFile, type ProjectFile } from './project-file.ts';
import { filesBelow, fileText } from './project-files.ts';
import { indexProperties, unmatched } from './property-index.ts';
import { propertyWarnings } from './property-warnings.ts';
import { unknownModel } from './references.ts';
import { loadSeeds } from './seeds.ts';
import { readSelectors } from './selectors-file.ts';
import { loadSources, refuseExternal } from './sources.ts';
import { TemplateEngine } from './template-engine.ts';
import { genericTests, isGeneric, singularTests } from './test-definitions.ts';
import { loadUnitTests } from './unit-tests.ts';
import { unusedConfig } from './unused-config.ts';
import { YamlFile } from './yaml-file.ts';

/**
 * Reads a dbt project: dbt_project.yml, macros, models with their yml files, and data tests. Every template is rendered
 * once, so that the graph is known and what is wrong is told now: PROJECT_NOT_FOUND, PROJECT_INVALID, MODEL_UNKNOWN_REF,
 * MODEL_CYCLE, MODEL_RENDER_FAILED, each with file and, where it is known, line.
 */
export function loadProject(dir: string, options: LoadOptions = {}): Project {
  const root = resolve(dir);
  const file = readProjectFile(root);
  const env = options.env ?? process.env;
  const target = options.target ?? { name: 'dev', schema: 'main' };
  const vars = loadVars(file, target, env, options.vars ?? {});
  const settings: ProjectSettings = { name: file.name, vars, target, env, docs: docBlocks(root, file) };
  const macros = new MacroLibrary(macroFiles(root, file));
  const engine = new TemplateEngine(settings, macros);
  const yamls = propertyFiles(root, file);
  const left = leftOut(root, file, yamls);

  const sources = loadSources(yamls, file, engine);
  const properties = indexProperties(yamls);
  const seeds = loadSeeds(root, file, properties.seeds, engine);
  const files = readModelFiles(root, file, properties.models, engine);
  const { drafts, references } = draftModels(files, sources, seeds, left.names, engine);
  const described = describeAll(drafts, file, engine);
  const models = sortModels(described.models);
  refuseExternal(models, sources.external);

  const renderer = new ModelRenderer(drafts, references, engine);
  const model = (name: string): Model => {
    const found = models.find((one) => one.name === name);
    if (found === undefined) throw unknownModel(name, references);
    return found;
  };
  const singular = singularTests(root, file, properties.singularTests, engine);
  const definitions = [...sources.tests, ...seeds.tests, ...described.tests, ...singular];
  const tests = makeTests(definitions, {
    engine,
    references,
    models: (naming) => ({ model, render: (one) => renderer.model(one, naming) }),
  });
  const exposures = loadExposures(yamls, file, references, engine);
  const unitTests = loadUnitTests(yamls, file, new Set(names(models)), engine);
  const warnings = [
    ...left.warnings,
    ...macros.warnings,
    ...databaseNames(macros),
    ...yamls.flatMap(propertyWarnings),
    ...sources.warnings,
    ...seeds.warnings,
    ...described.warnings,
    ...exposures.warnings,
    ...unitTests.warnings,
    ...unmatched(properties, { models: names(files), seeds: seeds.names, tests: names(singular) }),
    ...unknownProjectKeys(file.yaml),
    ...unusedConfig(file, 'models', fqns(files)),
    ...unusedConfig(file, 'seeds', seeds.fqns),
    ...unusedConfig(file, 'sources', sources.fqns),
    ...unusedConfig(file, 'exposures', exposures.fqns),
    ...unusedConfig(file, 'unit_tests', unitTests.fqns),
    ...['data_tests' as const, 'tests' as const].flatMap((kind) => unusedConfig(file, kind, fqns(definitions))),
    ...[...drafts.values()].flatMap((draft) => configWarnings(draft.file, draft.config)),
  ];
  return {
    name: file.name,
    dir: root,
    schema: target.schema,
    vars,
    models,
    seeds: seeds.seeds,
    sources: sources.tables,
    tests,
    unitTests: unitTests.unitTests,
    exposures: exposures.exposures,
    groups: loadGroups(yamls, file, engine),
    selectors: readSelectors(root, engine),
    warnings,
    model,
    renderer,
  };
}

/** Variables may themselves use env_var() and target. */
function loadVars(
  file: ProjectFile,
  target: ProjectSettings['target'],
  env: ProjectSettings['env'],
  overrides: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const engine = new TemplateEngine(
    { name: file.name, vars: overrides, target, env, docs: new Map() },
    new MacroLibrary([]),
  );
  const rendered = engine.yaml(file.vars, file.yaml.place(['vars'])) as Record<string, unknown>;
  return Object.freeze({ ...rendered, ...overrides });
}

/** The yml files below all paths of the project. */
function propertyFiles(root: string, file: ProjectFile): YamlFile[] {
  const paths = file.propertyPaths.flatMap((folder) => filesBelow(root, folder, /\.ya?ml$/));
  return [...new Set(paths)].map((path) => YamlFile.read(root, path));
}

/** There is one warehouse, so no macro decides on databases. */
function databaseNames(macros: MacroLibrary): string[] {
  const path = macros.fileOf('generate_database_name');
  return path === undefined ? [] : [`${path}: generate_database_name is not used, all relations are in the warehouse`];
}

function fqns(all: readonly { readonly fqn: readonly string[] }[]): (readonly string[])[] {
  return all.map(({ fqn }) => fqn);
}

function names(all: readonly { readonly name: string }[]): string[] {
  return all.map(({ name }) => name);
}

/** Files of the macro paths, and of `generic` below the test paths. */
function macroFiles(root: string, file: ProjectFile): { path: string; text: string }[] {
  const macros = file.macroPaths.flatMap((folder) => filesBelow(root, folder, /\.sql$/));
  const tests = file.testPaths
    .flatMap((folder) => filesBelow(root, folder, /\.sql$/))
    .filter((path) => isGeneric(path, file));
  return [...new Set([...macros, ...tests])].map((path) => ({ path, text: fileText(root, path) }));
}

function describeAll(
  drafts: ReadonlyMap<string, ModelDraft>,
  file: ProjectFile,
  engine: TemplateEngine,
): { models: Model[]; tests: TestDefinition[]; warnings: string[] } {
  const tests: TestDefinition[] = [];
  const warnings: string[] = [];
  const models = [...drafts.values()].map((draft): Model => {
    const { name, path, fqn, rawSql, properties } = draft.file;
    const { config, materialized, schema, alias, dependsOn } = draft;
    const relation = { kind: 'model', name, schema, identifier: alias } as const;
    const own = properties === undefined ? undefined : genericTests(properties, relation, file, engine);
    tests.push(...(own?.definitions ?? []));
    warnings.push(...(own?.warnings ?? []));
    const columns = properties === undefined ? [] : describeColumns(properties, own?.byColumn ?? new Map(), engine);
    const describedAt = properties === undefined ? null : properties.yaml.place(properties.at);
    const about = { name, place: describedAt ?? path };
    return {
      name,
      uniqueId: `model.${file.name}.${name}`,
      packageName: file.name,
      path,
      describedAt,
      fqn,
      materialized,
      schema,
      alias,
      config,
      meta: (config['meta'] ?? {}) as Record<string, unknown>,
      tags: tagsOf(config),
      description: properties === undefined ? '' : describe(properties, engine),
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

function makeTests(definitions: readonly TestDefinition[], surroundings: TestSurroundings): DataTest[] {
  const tests = new Map<string, { test: DataTest; place: string }>();
  for (const definition of definitions) {
    const test = makeTest(definition, surroundings);
    if (test === null) continue;
    const other = tests.get(test.uniqueId);
    if (other !== undefined) throw twice('data test', test.name, other.place, definition.place);
    tests.set(test.uniqueId, { test, place: definition.place });
  }
  return [...tests.values()].map(({ test }) => test).sort((a, b) => (a.uniqueId < b.uniqueId ? -1 : 1));
}
