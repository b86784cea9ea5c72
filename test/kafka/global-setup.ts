import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { messageOf } from '../../src/core/errors.ts';
import { jvmObstacle } from '../../tools/kafka/jars.ts';
import { type ObtainedBroker, obtainBroker } from './obtain-broker.ts';

/** `shared`: the one broker of the run; `own`: brokers that the suite starts and kills itself. */
export type BrokerNeed = 'shared' | 'own';
export type BrokerAnswer = { brokers: string[] } | { obstacle: string; required: boolean };

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the suites ask for a broker. */
    kafkaBroker: string;
  }
}

/**
 * Serves the suites one real broker, started when the first asks for it, so that a run without Kafka suites waits for
 * none. Those that could not run are named last of all.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let obtained: Promise<ObtainedBroker> | null = null;
  const notRun = new Map<string, string>();

  const answerTo = async (need: BrokerNeed, suite: string): Promise<BrokerAnswer> => {
    let obstacle: string | null;
    try {
      if (need === 'shared') return { brokers: (await (obtained ??= obtainBroker())).brokers };
      obstacle = jvmObstacle();
      if (obstacle === null) return { brokers: [] };
    } catch (error) {
      obstacle = messageOf(error);
    }
    notRun.set(suite, obstacle);
    return { obstacle, required: process.env['LENS_REQUIRE_KAFKA'] === '1' };
  };

  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
    const need = searchParams.get('need') === 'own' ? 'own' : 'shared';
    void answerTo(need, searchParams.get('suite') ?? '').then((answer) => response.end(JSON.stringify(answer)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('kafkaBroker', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

  return async () => {
    server.close();
    server.closeAllConnections();
    const broker = await obtained?.catch(() => null);
    await broker?.stop();
    report(notRun);
  };
}

function report(notRun: ReadonlyMap<string, string>): void {
  if (notRun.size === 0) return;
  process.stdout.write(`\nNOT RUN: ${notRun.size} suites that need a real Kafka broker\n`);
  for (const [suite, obstacle] of notRun) process.stdout.write(`  ${suite}: ${obstacle}\n`);
}
