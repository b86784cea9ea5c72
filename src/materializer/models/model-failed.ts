import { type ErrorCode, LensError, messageOf } from '../../core/errors.ts';
import type { EventSink } from '../events.ts';

/**
 * A model's rows broke what is declared of them, a key or a constraint: no fault of the data that may be left for later, nothing of the
 * transaction is committed.
 */
export function isBrokenPromise(error: unknown): error is LensError {
  return error instanceof LensError && PROMISES.has(error.code);
}

const PROMISES: ReadonlySet<ErrorCode> = new Set(['MODEL_KEY_NOT_UNIQUE', 'MODEL_CONSTRAINT_BROKEN']);

/** A damaged file is nothing a model could be blamed for, nor go on without. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set(['MODEL_FAILED', 'WAREHOUSE_UNREADABLE', ...PROMISES]);

/** A model whose SQL failed on the data at hand; `fields.model` names it, so that the batch can go on without it. */
export function modelFailed(model: string, cause: unknown): LensError {
  if (cause instanceof LensError && PASSED_ON.has(cause.code)) return cause;
  return new LensError('MODEL_FAILED', `model ${model} failed: ${messageOf(cause)}`, {
    place: model,
    hint: `lens compile ${model} prints its SQL; it is tried again at every compaction and by lens run`,
    fields: { model },
    cause,
  });
}

/** What is told of each failure of a model. */
export function tellFailures(failures: readonly Error[], onEvent: EventSink): void {
  for (const error of failures) {
    onEvent({ kind: 'model-failed', model: failedModel(error) ?? 'unknown', message: error.message });
  }
}

/** The model named by a MODEL_FAILED error, or null for any other error. */
export function failedModel(error: unknown): string | null {
  if (!(error instanceof LensError) || error.code !== 'MODEL_FAILED') return null;
  return String(error.fields['model']);
}
