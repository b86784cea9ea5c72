import { LensError } from '../core/errors.ts';
import type { Model } from './project-contract.ts';

/** Models each after all it depends on; among those that could come next, the first by name. MODEL_CYCLE names a cycle. */
export function sortModels(models: readonly Model[]): Model[] {
  const waiting = new Map(models.map((model) => [model.name, model]));
  const sorted: Model[] = [];
  const names = [...waiting.keys()].sort();
  while (waiting.size > 0) {
    const next = names.find((name) => {
      const model = waiting.get(name);
      return model !== undefined && model.dependsOn.models.every((input) => !waiting.has(input));
    });
    if (next === undefined) throw cycleError(waiting, names);
    sorted.push(waiting.get(next) as Model);
    waiting.delete(next);
  }
  return sorted;
}

/** Every model left waits for another one that is left, so following these ends in a cycle. */
function cycleError(waiting: ReadonlyMap<string, Model>, names: readonly string[]): LensError {
  const path: string[] = [];
  let at = names.find((name) => waiting.has(name)) as string;
  while (!path.includes(at)) {
    path.push(at);
    at = waiting.get(at)?.dependsOn.models.find((input) => waiting.has(input)) as string;
  }
  const cycle = path.slice(path.indexOf(at));
  const first = cycle.indexOf(cycle.toSorted()[0] as string);
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
  return new LensError('MODEL_CYCLE', `models depend on each other: ${[...turned, turned[0]].join(' -> ')}`, {
    place: waiting.get(turned[0] as string)?.path,
    hint: 'take away one of these ref() calls',
  });
}
