import type { ModelStatus, RunModelResult } from '../operations.ts';

/**
 * What a run did to the selected models, by where they stand after it.
 *
 * @param leftOut models that are not kept, with the reason
 */
export function runResults(
  selected: readonly { readonly name: string }[],
  models: readonly ModelStatus[],
  leftOut: ReadonlyMap<string, string>,
): RunModelResult[] {
  return selected.map(({ name }) => {
    const why = leftOut.get(name);
    if (why !== undefined) return { name, status: 'skipped', message: why, rows: null };
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
