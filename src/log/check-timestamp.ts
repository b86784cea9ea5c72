import { LensError } from '../core/errors.ts';

/** LOG_APPEND_FAILED unless it is whole milliseconds: found out when the batch is built, it would take others with it. */
export function checkTimestamp(topic: string, timestamp: number | undefined): void {
  if (timestamp === undefined || Number.isSafeInteger(timestamp)) return;
  throw new LensError('LOG_APPEND_FAILED', `the timestamp ${timestamp} is not a whole number of milliseconds`, {
    place: topic,
    hint: 'give milliseconds since 1970 as an integer',
  });
}
