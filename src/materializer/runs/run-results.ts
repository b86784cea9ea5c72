import type { Project } from '../../project/project-contract.ts';
import type { ModelStatus, RunModelResult } from '../operations.ts';

/**
 * What a run did to the selected models, by where they stand after it.
 *
 * @param project with the models that are not kept
 */
export function runResults(
  selected: readonly { readonly name: string }[],
  models: readonly ModelStatus[],
  { faulty, leftOut }: Pick<Project, 'faulty' | 'leftOut'>,
): RunModelResult[] {
  return selected.map(({ name }) => {
    const why = leftOut.get(name);
    if (why !== undefined) return { name, status: faulty.has(name) ? 'error' : 'skipped', message: why, rows: null };
    const status = models.find((model) => model.name === name);
    const failed = status?.state === 'failed';
    return {
      name,
      status: failed ? 'error' : 'success',
      message: failed ? status.reason : null,
      rows: status?.rows ?? null,
    };
  });
}
