import type { FailedModel, RunModelResult } from '../materializer/operations.ts';
import type { Output } from './output.ts';

/** Names the models that failed on standard error and makes the exit code 1. */
export function reportFailedModels(output: Output, failed: readonly FailedModel[]): void {
  for (const { name, message } of failed) {
    // Most messages name their model already.
    const text = message.includes(name) ? message : `model ${name} failed: ${message}`;
    output.failure(text, { event: 'model-failed', model: name, message });
  }
}

/** Those of a run's models that failed. */
export function failedOf(models: readonly RunModelResult[]): FailedModel[] {
  return models
    .filter(({ status }) => status === 'error')
    .map(({ name, message }) => ({ name, message: message ?? '' }));
}
