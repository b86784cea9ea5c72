import { type ErrorCode, LensError, messageOf } from '../../core/errors.ts';
import type { EventSink } from '../events.ts';

/** What one model is to blame for, `fields.model`: its SQL fails on the data, or its rows break what is declared of them. */
const OF_ONE_MODEL: ReadonlySet<ErrorCode> = new Set([
  'MODEL_FAILED',
  'MODEL_KEY_NOT_UNIQUE',
  'MODEL_CONSTRAINT_BROKEN',
]);

/** A damaged file or a full disk is nothing a model could be blamed for, nor go on without. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set(['WAREHOUSE_UNREADABLE', 'DISK_FULL', ...OF_ONE_MODEL]);

/** What a model that fails does to the rest: it is left behind with all that read it, or nothing is committed any more. */
export type OnModelFailure = 'leave' | 'stop';

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

/** The model that is to blame for an error, or null where none is. */
export function failedModel(error: unknown): string | null {
  if (!(error instanceof LensError) || !OF_ONE_MODEL.has(error.code)) return null;
  return String(error.fields['model']);
}

/** The model whose rows broke what is declared of them, a key or a constraint; null for any other error. */
export function modelOfBrokenPromise(error: unknown): string | null {
  return error instanceof LensError && error.code !== 'MODEL_FAILED' ? failedModel(error) : null;
}
