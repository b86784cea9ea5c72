import { afterAll, beforeAll, describe } from 'vitest';
import { checkpointTests } from './conformance/checkpoints.ts';
import { positionTests } from './conformance/positions.ts';
import { rangeTests } from './conformance/ranges.ts';
import { recordTests } from './conformance/records.ts';
import { topicTests } from './conformance/topics.ts';
import { waitingTests } from './conformance/waiting.ts';
import { writingTests } from './conformance/writing.ts';
import { KEEP, RUN } from './conformance/subject.ts';
import type { Subject } from './conformance/subject.ts';
import type { LogFixture } from './log-fixture.ts';

let topicCount = 0;

/**
 * What every EventLog must do (src/log/event-log.ts), run against each implementation.
 *
 * @param name shown in the test's name
 * @param factory makes the log, once for the suite
 */
export function conformance(name: string, factory: () => Promise<LogFixture>): void {
  describe(`event log conformance: ${name}`, () => {
    let fixture: LogFixture;
    beforeAll(async () => {
      fixture = await factory();
    });
    afterAll(async () => {
      await fixture[Symbol.asyncDispose]();
    });
    const subject: Subject = {
      get fixture() {
        return fixture;
      },
      get log() {
        return fixture.log;
      },
      async newTopic(partitions, settings = KEEP) {
        const topic = `conformance-${RUN}-${topicCount++}`;
        await fixture.log.createTopic({ name: topic, partitions, settings });
        return topic;
      },
    };
    describe('topics', () => topicTests(subject));
    describe('records', () => recordTests(subject));
    describe('writing', () => writingTests(subject));
    describe('positions', () => positionTests(subject));
    describe('waiting', () => waitingTests(subject));
    describe('ranges', () => rangeTests(subject));
    describe('checkpoints', () => checkpointTests(subject));
  });
}
