import type { EventLog } from '../../../src/log/event-log.ts';
import type { LogFixture } from '../log-fixture.ts';

/** Topics of the suite: nothing is deleted by time. */
export const KEEP = { 'cleanup.policy': 'delete', 'retention.ms': '-1' };
/** Tells the topics of one run from those of another. */
export const RUN = Date.now().toString(36);

/** A log under test. */
export interface Subject {
  readonly fixture: LogFixture;
  readonly log: EventLog;
  /** A topic of its own for a test. */
  newTopic(partitions: number, settings?: Record<string, string>): Promise<string>;
}

/** The offsets of a partition without records. */
export function zero(topic: string, partition: number) {
  return { topic, partition, low: 0, end: 0 };
}
