import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { EventSink } from './events.ts';
import { isStorageFailure } from '../warehouse/storage-failure.ts';
import { failedModel } from './models/model-failed.ts';

/**
 * Calls `compact` on the interval until aborted. What fails is told and tried again. Thrown are a model's failure, which comes here only
 * where it is to stop all (`models.onFailure`), and what DuckDB does not go on after.
 */
export async function onInterval(
  intervalSeconds: number,
  signal: AbortSignal,
  compact: () => Promise<void>,
  onEvent: EventSink,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(intervalSeconds * 1000, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await compact();
    } catch (error) {
      if (failedModel(error) !== null || isStorageFailure(error)) throw error;
      const message = `compaction will be tried again: ${messageOf(error)}`;
      onEvent({ kind: 'notice', severity: 'warning', message });
    }
  }
}
