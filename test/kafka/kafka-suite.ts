import { describe, inject, test } from 'vitest';
import type { LocalBroker, LocalBrokerOptions } from '../../tools/kafka/local-broker.ts';
import type { BrokerAnswer, BrokerNeed } from './global-setup.ts';

/**
 * A suite against a real Kafka broker, shared by all Kafka suites of the run: use topic and group names of its own. Where
 * no broker can be had the suite is skipped and named in the last lines of the run; with LENS_REQUIRE_KAFKA=1 it fails.
 *
 * @param body gets the brokers' addresses; it may be async
 */
export function kafkaSuite(name: string, body: (brokers: string[]) => void | Promise<void>): void {
  suite(name, 'shared', async (answer) => await body(answer.brokers));
}

/**
 * A suite that starts, stops and kills brokers of its own (a JVM on this machine).
 *
 * @param body gets a function that starts one; the suite stops it in the end
 */
export function ownBrokerSuite(
  name: string,
  body: (start: (options?: Omit<LocalBrokerOptions, 'folder'>) => Promise<LocalBroker>) => void | Promise<void>,
): void {
  suite(name, 'own', async () => {
    const { ownBroker } = await import('./own-broker.ts');
    await body(ownBroker());
  });
}

function suite(name: string, need: BrokerNeed, body: (answer: { brokers: string[] }) => Promise<void>): void {
  describe(name, async () => {
    const url = new URL(inject('kafkaBroker'));
    url.searchParams.set('need', need);
    url.searchParams.set('suite', name);
    const answer = (await (await fetch(url)).json()) as BrokerAnswer;
    if ('brokers' in answer) return await body(answer);
    if (!answer.required) return test.skip(`not run: ${answer.obstacle}`, () => undefined);
    test('a real Kafka broker is there', () => {
      throw new Error(`LENS_REQUIRE_KAFKA is set, but ${answer.obstacle}`);
    });
  });
}
