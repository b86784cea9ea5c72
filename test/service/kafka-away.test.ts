import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { applyTopics } from '../../src/topics/manage-topics.ts';
import { ownBrokerSuite } from '../kafka/kafka-suite.ts';
import { customer } from '../materializer/quiet-topic.ts';
import { SHOP, Workshop } from '../materializer/workshop.ts';

ownBrokerSuite('stopping while Kafka is away', (start) => {
  it('takes a few seconds: a last try to publish, nothing that waits for a broker', async () => {
    await using broker = await start();
    await using log = openKafkaLog({ brokers: [broker.address] });
    await using workshop = await Workshop.of(SHOP);
    await applyTopics(log, workshop.catalog);
    await workshop.publish([customer('a')], log);
    const materializer = await workshop.open({ log, compaction: { intervalSeconds: 1 } });
    const stop = new AbortController();
    const following = materializer.follow(stop.signal);
    await materializer.catchUp();
    await broker.kill();
    // Long enough for the compaction on the interval to be asking the broker something.
    await sleep(2500);
    const at = performance.now();
    stop.abort();
    await following;
    await materializer[Symbol.asyncDispose]();
    expect(performance.now() - at).toBeLessThan(5000);
  });
});
