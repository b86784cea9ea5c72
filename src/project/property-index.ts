import { twice } from './model-files.ts';
import {
  readNodeProperties,
  readSingularTestProperties,
  type Properties,
  type SingularTestProperties,
} from './properties.ts';
import type { YamlFile } from './yaml-file.ts';

/** What the yml files of a project say of models, seeds, analyses and singular tests, by name. */
export interface PropertyIndex {
  readonly models: ReadonlyMap<string, Properties>;
  readonly seeds: ReadonlyMap<string, Properties>;
  readonly analyses: ReadonlyMap<string, Properties>;
  readonly singularTests: ReadonlyMap<string, SingularTestProperties>;
}

/** PROJECT_INVALID for what is described twice. */
export function indexProperties(yamls: readonly YamlFile[]): PropertyIndex {
  return {
    models: byName(
      'description of model',
      yamls.flatMap((yaml) => readNodeProperties(yaml, 'models')),
    ),
    seeds: byName(
      'description of seed',
      yamls.flatMap((yaml) => readNodeProperties(yaml, 'seeds')),
    ),
    analyses: byName(
      'description of analysis',
      yamls.flatMap((yaml) => readNodeProperties(yaml, 'analyses')),
    ),
    singularTests: byName('description of data test', yamls.flatMap(readSingularTestProperties)),
  };
}

type Described = Pick<Properties, 'name' | 'yaml' | 'at'>;

function byName<T extends Described>(kind: string, all: readonly T[]): Map<string, T> {
  const found = new Map<string, T>();
  for (const one of all) {
    const other = found.get(one.name);
    if (other !== undefined) throw twice(kind, one.name, other.yaml.place(other.at), one.yaml.place(one.at));
    found.set(one.name, one);
  }
  return found;
}

/** Descriptions of what is not there, a sentence each. */
export function unmatched(
  index: PropertyIndex,
  there: Readonly<Record<'models' | 'seeds' | 'analyses' | 'tests', readonly string[]>>,
): string[] {
  const missing = (kind: string, described: Iterable<Described>, names: readonly string[]): string[] =>
    [...described]
      .filter(({ name }) => !names.includes(name))
      .map(({ name, yaml, at }) => `${yaml.place(at)}: there is no ${kind} ${name} that this describes`);
  return [
    ...missing('model', index.models.values(), there.models),
    ...missing('seed', index.seeds.values(), there.seeds),
    ...missing('analysis', index.analyses.values(), there.analyses),
    ...missing('data test', index.singularTests.values(), there.tests),
  ];
}
