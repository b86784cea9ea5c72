import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { EventSink } from './events.ts';
import { failedModel } from './models/model-failed.ts';

/**
 * Calls `compact` on the interval until aborted. What fails is told and tried again; but a model's failure comes here only where it is
 * to stop all (`models.onFailure`): that is thrown, as a batch throws it.
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
      if (failedModel(error) !== null) throw error;
      const message = `compaction will be tried again: ${messageOf(error)}`;
      onEvent({ kind: 'notice', severity: 'warning', message });
    }
  }
}
