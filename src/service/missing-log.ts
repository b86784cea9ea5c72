import { LensError } from '../core/errors.ts';
import type { EventLog } from '../log/event-log.ts';

/** The embedded log of a data folder that has none, for commands that only read: nothing is created, each call fails. */
export function missingLog(file: string): EventLog {
  const fail = async (): Promise<never> => {
    throw new LensError('LOG_UNREACHABLE', 'the data folder has no log', {
      place: file,
      hint: 'lens produce and lens ingest make one; records on Kafka need --brokers',
    });
  };
  return {
    kind: 'embedded',
    description: `embedded log ${file}, which is not there`,
    topics: fail,
    createTopic: fail,
    alterTopic: fail,
    deleteTopic: fail,
    offsets: fail,
    read: fail,
    write: fail,
    publishCheckpoint: fail,
    publishedCheckpoint: fail,
    [Symbol.asyncDispose]: async () => {},
  };
}
