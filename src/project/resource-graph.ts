import type {
  Analysis,
  DataTest,
  Dependencies,
  Exposure,
  Model,
  Project,
  Seed,
  SourceTable,
  UnitTest,
} from './project-contract.ts';
import { tagsOf } from './model-files.ts';
import type { ModelVersion } from './model-versions.ts';
import { pathIn } from './project-part.ts';
import { fullConfig } from './resource-config.ts';

/** dbt's names of what a project holds: https://docs.getdbt.com/reference/node-selection/methods#resource_type */
export const RESOURCE_TYPES = ['model', 'seed', 'source', 'test', 'unit_test', 'exposure', 'analysis'] as const;

export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** Something that can be selected, with what is next to it up and down stream. */
export interface Resource {
  readonly uniqueId: string;
  readonly resourceType: ResourceType;
  /** Of a source table its own name, without the source's. */
  readonly name: string;
  readonly packageName: string;
  /** Package, folders, name: what a criterion without a method matches. */
  readonly fqn: readonly string[];
  /** The file it is defined in, relative to its package's folder. */
  readonly path: string;
  /** The yml file that describes it, when that is another one. */
  readonly patchPath: string | null;
  readonly tags: readonly string[];
  /** As `config.KEY:` sees it: merged over all levels, with dbt's values where nothing is said. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Of a model that has versions: which one it is. */
  readonly version: ModelVersion | null;
  /** Of a source table. */
  readonly sourceName: string | null;
  /** Of a test. */
  readonly testKind: 'generic' | 'singular' | 'unit' | null;
  /** The generic test, without its package: `unique`. */
  readonly testName: string | null;
  /** Unique ids, in order of first use. */
  readonly parents: readonly string[];
  readonly children: readonly string[];
}

/** Every enabled resource of a project by its unique id. */
export type ResourceGraph = ReadonlyMap<string, Resource>;

const graphs = new WeakMap<Project, ResourceGraph>();

/** The graph over all resources of the project; made once, since a project never changes. */
export function resourceGraph(project: Project): ResourceGraph {
  let graph = graphs.get(project);
  if (graph === undefined) graphs.set(project, (graph = makeGraph(project)));
  return graph;
}

function makeGraph(project: Project): ResourceGraph {
  const parents = new ParentIds(project);
  const resources: Childless[] = [
    ...project.sources.map(ofSource),
    ...project.seeds.map(ofSeed),
    ...project.models.map((model) => ofModel(model, parents)),
    ...project.tests.map((test) => ofTest(test, parents)),
    ...project.unitTests.map((test) => ofUnitTest(test, parents)),
    ...project.exposures.map((exposure) => ofExposure(exposure, parents)),
    ...project.analyses.map((analysis) => ofAnalysis(analysis, parents)),
  ].map((one) => inPackage(one, project));
  const children = new Map<string, string[]>(resources.map(({ uniqueId }) => [uniqueId, []]));
  for (const { uniqueId, parents: ids } of resources) for (const id of ids) children.get(id)?.push(uniqueId);
  return new Map(resources.map((one) => [one.uniqueId, { ...one, children: children.get(one.uniqueId) ?? [] }]));
}

type Childless = Omit<Resource, 'children'>;

/** Unique ids of what templates name. */
class ParentIds {
  readonly #models: ReadonlyMap<string, string>;
  readonly #seeds: ReadonlyMap<string, string>;
  readonly #sources: ReadonlyMap<string, string>;

  constructor({ models, seeds, sources }: Project) {
    this.#models = new Map(models.map(({ name, uniqueId }) => [name, uniqueId]));
    this.#seeds = new Map(seeds.map(({ name, uniqueId }) => [name, uniqueId]));
    this.#sources = new Map(sources.map(({ sourceName, name, uniqueId }) => [`${sourceName}.${name}`, uniqueId]));
  }

  /** In dbt's order: sources, then refs. */
  of({ refs, sourceNames }: Dependencies): string[] {
    const ids = [
      ...sourceNames.map((name) => this.#sources.get(name)),
      ...refs.map((name) => this.#models.get(name) ?? this.#seeds.get(name)),
    ];
    return ids.filter((id) => id !== undefined);
  }

  model(name: string): string[] {
    const id = this.#models.get(name);
    return id === undefined ? [] : [id];
  }
}

/** Its paths relative to the folder of the package it is of. */
function inPackage(one: Childless, { packages }: Project): Childless {
  const part = packages.find(({ name }) => name === one.packageName);
  if (part === undefined) return one;
  const { path, patchPath } = one;
  return { ...one, path: pathIn(part, path), patchPath: patchPath === null ? null : pathIn(part, patchPath) };
}

/** What is the same for every kind of resource. */
interface Common {
  readonly uniqueId: string;
  readonly name: string;
  readonly packageName: string;
  readonly fqn: readonly string[];
  readonly path: string;
  readonly tags: readonly string[];
}

function resource(
  resourceType: ResourceType,
  { uniqueId, name, packageName, fqn, path, tags }: Common,
  config: Readonly<Record<string, unknown>>,
  own: Partial<Childless> = {},
): Childless {
  return {
    uniqueId,
    resourceType,
    name,
    packageName,
    fqn,
    path,
    patchPath: null,
    tags,
    config: fullConfig(
      resourceType,
      resourceType === 'test' || resourceType === 'analysis'
        ? { ...config, tags: tagsOf(config) }
        : { ...config, tags },
    ),
    version: null,
    sourceName: null,
    testKind: null,
    testName: null,
    parents: [],
    ...own,
  };
}

function ofModel(model: Model, parents: ParentIds): Childless {
  const config = { ...model.config, materialized: model.materialized };
  const { version } = model;
  return resource('model', { ...model, name: model.ownName }, config, {
    version,
    patchPath: fileOf(model),
    parents: parents.of(model.dependsOn),
  });
}

function ofSeed(seed: Seed): Childless {
  return resource('seed', { ...seed, name: seed.ownName }, seed.config, { patchPath: fileOf(seed) });
}

function ofSource(source: SourceTable): Childless {
  return resource('source', source, source.config, { sourceName: source.sourceName });
}

function ofTest(test: DataTest, parents: ParentIds): Childless {
  const { kind, testName, dependsOn } = test;
  return resource('test', test, test.fullConfig, {
    testKind: kind,
    testName,
    patchPath: fileOf(test),
    parents: parents.of(dependsOn),
  });
}

function ofUnitTest(test: UnitTest, parents: ParentIds): Childless {
  return resource('unit_test', test, test.config, { testKind: 'unit', parents: parents.model(test.model) });
}

function ofExposure(exposure: Exposure, parents: ParentIds): Childless {
  return resource('exposure', exposure, exposure.config, { parents: parents.of(exposure.dependsOn) });
}

function ofAnalysis(analysis: Analysis, parents: ParentIds): Childless {
  return resource('analysis', analysis, analysis.config, {
    patchPath: fileOf(analysis),
    parents: parents.of(analysis.dependsOn),
  });
}

/** The file of `file:line`. */
function fileOf({ describedAt }: { readonly describedAt: string | null }): string | null {
  return describedAt === null ? null : describedAt.replace(/:\d+$/, '');
}
