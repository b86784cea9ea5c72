import { LensError } from '../../core/errors.ts';
import { KafkaProtocolError, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE } from './protocol/error-codes.ts';

/** The broker does not take a batch of that size. */
export function isTooLarge(code: number): boolean {
  return code === MESSAGE_TOO_LARGE || code === RECORD_LIST_TOO_LARGE;
}

export function recordsRefused(place: string, count: number, error: KafkaProtocolError): LensError {
  return new LensError('LOG_APPEND_FAILED', `${count} records for ${place} were refused: ${error.message}`, {
    place,
    hint: isTooLarge(error.errorCode)
      ? "raise the topic's max.message.bytes, or send smaller records"
      : "look at the broker's log; none of these records was written",
    cause: error,
  });
}

export function stuckFor(milliseconds: number, trouble: string, brokers: readonly string[]): LensError {
  return new LensError('LOG_APPEND_FAILED', `records could not be written for ${milliseconds / 1000} s: ${trouble}`, {
    place: brokers.join(','),
    hint: 'check that the brokers are up and the partitions have leaders; records already acknowledged are safe',
  });
}

export function stoppedWithout(milliseconds: number, brokers: readonly string[]): LensError {
  const message = `stopped with records queued, of which Kafka acknowledged none for ${milliseconds / 1000} s`;
  return new LensError('LOG_APPEND_FAILED', message, {
    place: brokers.join(','),
    hint: 'they may be written or not; run the same command again when the brokers are up',
  });
}
