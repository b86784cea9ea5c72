import { nameInPackage } from './same-names.ts';
import { describe, describeColumns, docBlocksOf } from './columns.ts';
import { mergeConfig, type Config } from './config-tree.ts';
import type { TestDefinition } from './data-test.ts';
import { joinedParts, sortedByName } from './joined-parts.ts';
import { groupOf } from './groups.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import { relationNames } from './node-names.ts';
import type { Relation, Seed } from './project-contract.ts';
import { filesBelow, foldersBelow, stem } from './project-files.ts';
import { imposedOn, treeOf, writtenFor, type ProjectPart } from './project-part.ts';
import type { Properties } from './properties.ts';
import type { PropertyIndex } from './property-index.ts';
import { genericTests } from './test-definitions.ts';
import { isYamlRecord } from './yaml-file.ts';
import { LensError } from '../core/errors.ts';

export interface LoadedSeeds {
  readonly seeds: readonly Seed[];
  readonly tests: readonly TestDefinition[];
  /** Names of those that are not enabled, with their path. */
  readonly disabled: ReadonlyMap<string, string>;
  /** What the `seeds:` tree of dbt_project.yml matches, of seeds that are not enabled, too. */
  readonly fqns: readonly (readonly string[])[];
  /** Names of all, for descriptions of what is not there. */
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The CSV files below the seed paths, with what yml files say of them. PROJECT_INVALID for two enabled ones of one name.
 *
 * @param properties those of `models:`, too: as in dbt, the tests of a seed may stand there
 */
export function loadSeeds(
  dir: string,
  part: ProjectPart,
  properties: Pick<PropertyIndex, 'seeds' | 'models'>,
): LoadedSeeds {
  const { file, engine } = part;
  const seeds = new Map<string, Seed>();
  const tests: TestDefinition[] = [];
  const disabled = new Map<string, string>();
  const fqns: string[][] = [];
  const names: string[] = [];
  const warnings: string[] = [];
  for (const path of file.seedPaths.flatMap((folder) => filesBelow(dir, folder, /\.csv$/))) {
    const name = stem(path);
    const fqn = [file.name, ...foldersBelow(path, file.seedPaths), name];
    const said = properties.seeds.get(name);
    const misplaced = properties.models.get(name);
    names.push(name);
    fqns.push(fqn);
    const config = seedConfig(said, fqn, part);
    if (!isEnabled(config)) {
      disabled.set(name, path);
      continue;
    }
    const other = seeds.get(name);
    if (other !== undefined) throw twice('seed', name, other.path, path);
    const node = { resourceType: 'seed', name, version: null, packageName: file.name, path, fqn } as const;
    const { schema, alias } = relationNames(node, config, engine);
    const relation: Relation = { kind: 'seed', name, ownName: name, schema, identifier: alias };
    const own = said === undefined ? undefined : genericTests(said, relation, part);
    const besides = misplaced === undefined ? undefined : genericTests(misplaced, relation, part);
    for (const one of [own, besides]) {
      tests.push(...(one?.definitions ?? []));
      warnings.push(...(one?.warnings ?? []));
    }
    if (misplaced !== undefined) warnings.push(isSeed(name, misplaced));
    seeds.set(name, {
      name,
      ownName: name,
      uniqueId: `seed.${file.name}.${name}`,
      packageName: file.name,
      path,
      describedAt: said === undefined ? null : said.yaml.place(said.at),
      fqn,
      schema,
      alias,
      config,
      writtenConfig: writtenFor(part, 'seeds', fqn, said?.config ?? {}),
      meta: (config['meta'] ?? {}) as Record<string, unknown>,
      tags: tagsOf(config),
      description: said === undefined ? '' : describe(said, engine),
      docBlocks: said === undefined ? [] : docBlocksOf(said, engine),
      columns: said === undefined ? [] : describeColumns(said, own?.byColumn ?? new Map(), engine),
      group: groupOf(config),
      ...csvOptions(name, said === undefined ? path : said.yaml.place(said.at), config),
    });
  }
  for (const name of seeds.keys()) disabled.delete(name);
  return {
    seeds: sortedByName(seeds),
    tests,
    disabled,
    fqns,
    names,
    warnings,
  };
}

function isSeed(name: string, { yaml, at }: Properties): string {
  return `${yaml.place(at)}: '${name}' is a seed node, but it is specified in the models section: place it under the seeds key, only its tests are read here`;
}

function seedConfig(said: Properties | undefined, fqn: readonly string[], part: ProjectPart): Config {
  const own = said === undefined ? {} : (part.engine.yaml(said.config, said.yaml.place(said.at)) as Config);
  return mergeConfig(mergeConfig(treeOf(part, 'seeds', fqn), own), imposedOn(part, 'seeds', fqn));
}

function csvOptions(
  name: string,
  place: string,
  config: Config,
): Pick<Seed, 'columnTypes' | 'delimiter' | 'quoteColumns'> {
  const invalid = (problem: string, hint: string): LensError =>
    new LensError('PROJECT_INVALID', `seed ${name}: ${problem}`, { place, hint });
  const types = config['column_types'] ?? {};
  if (!isYamlRecord(types) || !Object.values(types).every((type) => typeof type === 'string'))
    throw invalid('column_types must be a map of columns to types', 'write column_types: {id: varchar(5)}');
  const delimiter = config['delimiter'] ?? ',';
  if (typeof delimiter !== 'string' || delimiter === '')
    throw invalid('delimiter must be a text', 'write delimiter: ";"');
  const quote = config['quote_columns'] ?? null;
  if (quote !== null && typeof quote !== 'boolean')
    throw invalid('quote_columns must be true or false', 'write quote_columns: true');
  return { columnTypes: types as Record<string, string>, delimiter, quoteColumns: quote };
}

/** The seeds of all parts; one of a name that an earlier part has, too, has its package in its name (same-names.ts). */
export function joinSeeds(all: readonly LoadedSeeds[]): LoadedSeeds {
  const byName = new Map<string, Seed>();
  const tests: TestDefinition[] = [];
  for (const one of all) {
    const names = new Map<string, string>();
    for (const seed of one.seeds) {
      const name = byName.has(seed.name) ? nameInPackage(seed.packageName, seed.name) : seed.name;
      names.set(seed.name, name);
      byName.set(name, { ...seed, name });
    }
    for (const test of one.tests) {
      const name = names.get(test.target?.name ?? '');
      const target = name === undefined || test.target === null ? test.target : { ...test.target, name };
      tests.push({ ...test, target });
    }
  }
  return {
    ...joinedParts(all, byName),
    seeds: sortedByName(byName),
    tests,
    names: all.flatMap((one) => one.names),
  };
}

/** The seeds but those that cannot be loaded, by name; tests of these go with them. */
export function withoutSeeds(all: LoadedSeeds, broken: ReadonlyMap<string, string>): LoadedSeeds {
  return { ...all, seeds: all.seeds.filter(({ name }) => !broken.has(name)) };
}
