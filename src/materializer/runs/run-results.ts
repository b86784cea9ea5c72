import type { ModelStatus, RunModelResult } from '../operations.ts';

/** What a run did to the selected models, by where they stand after it. */
export function runResults(
  selected: readonly { readonly name: string }[],
  models: readonly ModelStatus[],
): RunModelResult[] {
  return selected.map(({ name }) => {
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
