import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import type { Model, Project } from './project-contract.ts';
import { graphOf, type Node } from './selection-graph.ts';
import { SELECTION_METHODS, methodOf } from './selection-methods.ts';

export interface Selection {
  /** As `--select` and `--exclude` take them: each a union of words separated by spaces. */
  readonly select?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Models by dbt's selection language, in the project's order; all when nothing is selected. Words by spaces are united,
 * parts by commas intersected; `+name`, `name+`, `2+name+1` and `@name` add what is up and down stream of it.
 * USAGE when a word selects nothing or cannot be read.
 * https://docs.getdbt.com/reference/node-selection/syntax
 */
export function selectModels(project: Project, selection: Selection = {}): Model[] {
  const graph = graphOf(project);
  const union = (specs: readonly string[] | undefined): Set<string> | null => {
    const words = (specs ?? []).flatMap((spec) => spec.split(/\s+/)).filter((word) => word !== '');
    return words.length === 0 ? null : new Set(words.flatMap((word) => [...selectWord(project, graph, word)]));
  };
  const selected = union(selection.select);
  const excluded = union(selection.exclude);
  const models = project.models.filter(
    ({ uniqueId }) => (selected === null || selected.has(uniqueId)) && !(excluded?.has(uniqueId) ?? false),
  );
  if (models.length === 0 && project.models.length > 0) {
    throw new LensError('USAGE', 'the selection holds no model', {
      place: [...(selection.select ?? []), ...(selection.exclude ?? []).map((word) => `--exclude ${word}`)].join(' '),
      hint: 'leave out --select for all models',
    });
  }
  return models;
}

/** Unique ids that a word selects: the intersection of its parts by comma. */
function selectWord(project: Project, graph: ReadonlyMap<string, Node>, word: string): Set<string> {
  const [first, ...rest] = word.split(',').map((part) => selectPart(project, graph, part, word));
  return new Set([...(first ?? [])].filter((id) => rest.every((other) => other.has(id))));
}

/** `@`, or a number of steps before a `+`, then the criterion, then the same after it. */
const PART = /^(?<at>@)?(?<up>(?<upSteps>\d*)\+)?(?:(?<method>[\w.-]+):)?(?<value>.+?)(?<down>\+(?<downSteps>\d*))?$/;

function selectPart(project: Project, graph: ReadonlyMap<string, Node>, part: string, word: string): Set<string> {
  const groups = PART.exec(part)?.groups;
  if (groups === undefined)
    throw new LensError('USAGE', `the selector ${word} cannot be read`, { hint: 'docs/project.md lists the forms' });
  const value = groups['value'] as string;
  const method = groups['method'] ?? methodOf(value);
  const matches = matcher(method, value, word);
  const chosen = new Set([...graph.values()].filter(matches).map(({ uniqueId }) => uniqueId));
  if (chosen.size === 0) throw nothing(project, method, value, word);
  const result = new Set(chosen);
  if (groups['up'] !== undefined) walk(graph, chosen, 'parents', steps(groups['upSteps']), result);
  if (groups['down'] !== undefined) walk(graph, chosen, 'children', steps(groups['downSteps']), result);
  if (groups['at'] !== undefined) {
    // everything downstream, and whatever that needs
    walk(graph, chosen, 'children', Infinity, result);
    walk(graph, new Set(result), 'parents', Infinity, result);
  }
  return result;
}

function steps(text: string | undefined): number {
  return text === undefined || text === '' ? Infinity : Number(text);
}

function walk(
  graph: ReadonlyMap<string, Node>,
  from: ReadonlySet<string>,
  direction: 'parents' | 'children',
  most: number,
  into: Set<string>,
): void {
  const seen = new Set(from);
  let edge: readonly string[] = [...from];
  for (let step = 0; step < most && edge.length > 0; step++) {
    edge = edge.flatMap((id) => graph.get(id)?.[direction] ?? []).filter((id) => !seen.has(id));
    for (const id of edge) {
      seen.add(id);
      into.add(id);
    }
  }
}

function matcher(method: string, value: string, word: string): (node: Node) => boolean {
  const [name, ...path] = method.split('.');
  const make = SELECTION_METHODS.get(name as string);
  if (make === undefined) {
    const near = closestName(method, SELECTION_METHODS.keys());
    throw new LensError('USAGE', `the selector ${word} has an unknown method ${method}`, {
      hint: near === undefined ? `use one of ${[...SELECTION_METHODS.keys()].join(', ')}` : `did you mean ${near}:?`,
    });
  }
  return make(value, path);
}

function nothing(project: Project, method: string, value: string, word: string): LensError {
  const near =
    method === 'fqn'
      ? closestName(
          value,
          project.models.map(({ name }) => name),
        )
      : undefined;
  return new LensError('USAGE', `${word} selects nothing`, {
    hint: near === undefined ? 'lens compile without arguments lists the models' : `did you mean ${near}?`,
  });
}
