import { closestName } from '../../core/closest-name.ts';
import { ephemeralName } from '../../project/relation-values.ts';
import type { Model, Project, Relation, UnitTest } from '../../project/project-contract.ts';
import { isYamlRecord } from '../../project/yaml-file.ts';
import { invalid } from './fixture.ts';

/** An input of a unit test: the relation that its rows stand for. */
export interface GivenInput {
  readonly relation: Relation;
  /** As the yml file names it. */
  readonly input: string;
  /** The common table expression that stands for it, named as dbt does. */
  readonly expression: string;
  /** With `rows`, `format` and `fixture`. */
  readonly said: Readonly<Record<string, unknown>>;
}

/** The `given:` of a unit test. PROJECT_INVALID for an input that is none, or names nothing. */
export function givenInputs(project: Project, test: UnitTest): GivenInput[] {
  const list: unknown = test.yml['given'] ?? [];
  if (!Array.isArray(list) || !list.every(isYamlRecord)) throw invalid(test, 'given must be a list of inputs');
  return list.map((said) => {
    const { input } = said;
    if (typeof input !== 'string') throw invalid(test, 'each of given needs an input', `input: ref('...')`);
    const relation = inputRelation(project, test, input);
    const name = relation.kind === 'source' ? relation.name.replace('.', '__') : relation.name;
    return { relation, input, expression: ephemeralName(name), said };
  });
}

const CALL = /^(ref|source)\s*\(([^)]*)\)$/;

/** `ref('x')`, `ref('package', 'x')`, `source('a', 'b')` or `this`. */
function inputRelation(project: Project, test: UnitTest, input: string): Relation {
  if (input.trim() === 'this') return relationOf(project.model(test.model));
  const [, call, list] = CALL.exec(input.trim()) ?? [];
  const names = [...(list ?? '').matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, one, two]) => one ?? two ?? '');
  const name = names.at(-1);
  if (call === undefined || name === undefined) {
    throw invalid(test, `Unit test given inputs must be either a 'ref', 'source' or 'this' call. Got: '${input}'.`);
  }
  const found = call === 'source' ? sourceOf(project, names.join('.')) : modelOrSeed(project, name);
  if (found !== null) return found;
  const known =
    call === 'source'
      ? project.sources.map((source) => `${source.sourceName}.${source.name}`)
      : [...project.models, ...project.seeds].map((one) => one.name);
  const near = closestName(call === 'source' ? names.join('.') : name, known);
  throw invalid(
    test,
    `Unit test '${test.name}' had an input (${input}) which was not found in the manifest.`,
    near === undefined ? undefined : `did you mean ${near}?`,
  );
}

function modelOrSeed({ models, seeds }: Project, name: string): Relation | null {
  const model = models.find((one) => one.name === name);
  if (model !== undefined) return relationOf(model);
  const seed = seeds.find((one) => one.name === name);
  return seed === undefined ? null : { kind: 'seed', name, schema: seed.schema, identifier: seed.alias };
}

function sourceOf({ sources }: Project, name: string): Relation | null {
  const source = sources.find((one) => `${one.sourceName}.${one.name}` === name);
  return source === undefined ? null : { kind: 'source', name, schema: source.schema, identifier: source.table };
}

function relationOf({ name, schema, alias }: Model): Relation {
  return { kind: 'model', name, schema, identifier: alias };
}
