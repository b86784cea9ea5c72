import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { EventLog } from '../../../src/log/event-log.ts';
import { BrokerLink } from '../../../src/log/kafka/broker-link.ts';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { freePort } from '../../../tools/kafka/free-port.ts';
import { type LocalBroker, runKafkaTool } from '../../../tools/kafka/local-broker.ts';
import { ownBrokerSuite } from '../../kafka/kafka-suite.ts';
import { append, startOf } from '../log-fixture.ts';
import { slowProxy } from './slow-proxy.ts';

const PARTITIONS = 8;
/** 1.6 MB: at 150 kB a second no answer of more than 0.8 MB comes within the 5.5 s that a silent broker is given. */
const RECORDS = 1600;
const BYTES_A_SECOND = 150_000;

ownBrokerSuite('links that are slow', (start) => {
  let broker: LocalBroker;
  const ports = { slow: 0, behind: 0 };

  beforeAll(async () => {
    const port = await freePort();
    ports.slow = await freePort();
    ports.behind = await freePort();
    broker = await start({
      port,
      listeners: { SLOW: { port: ports.behind, protocol: 'PLAINTEXT' } },
      settings: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SLOW://127.0.0.1:${ports.slow}` },
    });
    await using log = openKafkaLog({ brokers: [broker.address] });
    await log.createTopic({ name: 'wide', partitions: PARTITIONS, settings: {} });
    await append(
      log,
      'wide',
      Array.from(
        { length: RECORDS },
        (_, i) => [null, `${i}`.padEnd(1000, '.'), { partition: i % PARTITIONS }] as const,
      ),
    );
  });
  afterEach(() => vi.restoreAllMocks());

  test('records come over a link that needs longer for an answer than a silent broker is given', async () => {
    await using _ = await slowProxy(ports.slow, ports.behind, BYTES_A_SECOND);
    await using log = openKafkaLog({ brokers: [`127.0.0.1:${ports.slow}`] });
    const opened = vi.spyOn(BrokerLink, 'open');
    expect(await countTo(log, RECORDS)).toBe(RECORDS);
    expect(opened.mock.calls.length, 'links that were given up').toBeLessThanOrEqual(3);
  });

  test('the pauses a quota asks for are kept, on the link there is', async () => {
    const quota = ['--entity-type', 'clients', '--entity-name', 'throttled'];
    // Its window is 11 s: the first answers are free, what comes after them waits for up to that long.
    const rate = `consumer_byte_rate=${BYTES_A_SECOND / 2}`;
    const at = ['--bootstrap-server', broker.address, '--alter', '--add-config', rate];
    runKafkaTool('kafka.admin.ConfigCommand', [...at, ...quota]);
    await using log = openKafkaLog({ brokers: [broker.address], clientId: 'throttled' });
    const opened = vi.spyOn(BrokerLink, 'open');
    expect(await countTo(log, RECORDS)).toBe(RECORDS);
    expect(opened.mock.calls.length, 'links that were given up').toBeLessThanOrEqual(2);
  });
});

async function countTo(log: EventLog, records: number): Promise<number> {
  await using reader = await log.read(startOf('wide', PARTITIONS));
  let count = 0;
  for (const deadline = performance.now() + 45_000; count < records && performance.now() < deadline;) {
    count += (await reader.next(1000))?.count ?? 0;
  }
  return count;
}
