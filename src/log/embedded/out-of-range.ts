import { LensError } from '../../core/errors.ts';
import type { Position } from '../event-log.ts';

/** LOG_OFFSET_OUT_OF_RANGE with the numbers: where reading should go on and what the log holds. */
export function outOfRange(position: Position, low: number, end: number): LensError {
  const { topic, partition, offset } = position;
  const gone = offset < low;
  const problem = gone
    ? `the log no longer holds offset ${offset}: ${low - offset} records before the earliest (${low}) are gone`
    : `offset ${offset} is past the end of the log (${end})`;
  return new LensError('LOG_OFFSET_OUT_OF_RANGE', `${problem}; it holds ${low} to ${end}`, {
    place: `${topic}/${partition}@${offset}`,
    hint: gone
      ? 'records were deleted before they were read: check retention.ms, then do a full refresh'
      : 'the log was restored from an older state or is another one: check which log this is, then do a full refresh',
    fields: { topic, partition, offset, low, end },
  });
}
