import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventLog, Position } from '../../../src/log/event-log.ts';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { applyTopics } from '../../../src/topics/manage-topics.ts';
import type { LocalBroker } from '../../../tools/kafka/local-broker.ts';
import { ownBrokerSuite } from '../../kafka/kafka-suite.ts';
import { customer } from '../../materializer/quiet-topic.ts';
import { SHOP, Workshop } from '../../materializer/workshop.ts';
import { bytes, readFrom, startOf } from '../log-fixture.ts';

ownBrokerSuite('a log that lost its tail and grew past it again', (start) => {
  test('is refused by a reader under way and by one that starts from a checkpoint with an epoch', async () => {
    await using broker = await start();
    await using log = openKafkaLog({ brokers: [broker.address] });
    const topic = 'regrown';
    await log.createTopic({ name: topic, partitions: 1, settings: {} });
    await oneByOne(log, topic, 100);
    await using reader = await log.read(startOf(topic, 1));
    let checkpoint: Position = { topic, partition: 0, offset: 0 };
    while (checkpoint.offset < 100) {
      const block = await reader.next(5000);
      if (block === null) throw new Error(`nothing more at ${checkpoint.offset}`);
      checkpoint = { topic, partition: 0, offset: block.nextOffset, leaderEpoch: block.leaderEpoch };
    }
    await broker.kill();
    cutInHalf(broker, [`${topic}-0`]);
    await broker.up();
    await oneByOne(log, topic, 150);
    const [bounds] = await log.offsets([topic]);
    expect(bounds?.end).toBeGreaterThan(150);
    expect(bounds?.end).toBeLessThan(250);

    const cut = {
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringMatching(/was cut at \d+ after it had been read to offset 99/),
      fields: { topic, partition: 0, offset: 100, end: (bounds?.end ?? 0) - 150 },
    };
    const reading = async (): Promise<void> => {
      for (;;) if ((await reader.next(5000))?.count) throw new Error('read on silently');
    };
    await expect(reading()).rejects.toMatchObject(cut);
    await expect(readFrom(log, [checkpoint], 1)).rejects.toMatchObject(cut);
    // Without the epoch there is nothing to know it by; from before the cut nothing is wrong.
    expect((await readFrom(log, [{ topic, partition: 0, offset: 100 }], 1)).length).toBeGreaterThan(0);
    const early = { topic, partition: 0, offset: 10, leaderEpoch: checkpoint.leaderEpoch };
    expect((await readFrom(log, [early], 1)).length).toBeGreaterThan(0);
  });

  test('is refused at start by the warehouse that had applied it', async () => {
    await using broker = await start();
    await using log = openKafkaLog({ brokers: [broker.address] });
    await using workshop = await Workshop.of(SHOP);
    await applyTopics(log, workshop.catalog);
    const publish = async (round: string): Promise<void> => {
      for (let i = 0; i < 60; i++) await workshop.publish([customer(`${round}${i}`)], log);
    };
    await publish('a');
    const dataDir = join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir, log });
      await materializer.run({});
    }
    await broker.kill();
    cutInHalf(broker, ['customers-0', 'customers-1']);
    await broker.up();
    await publish('b');
    await publish('c');
    await using materializer = await workshop.open({ dataDir, log });
    await expect(materializer.run({})).rejects.toMatchObject({
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('was cut at'),
    });
  });
});

/** A batch of its own for each record. */
async function oneByOne(log: EventLog, topic: string, records: number): Promise<void> {
  await using writer = await log.write();
  for (let i = 0; i < records; i++) {
    writer.add(topic, bytes('k'), bytes(`${i}`));
    await writer.flush();
  }
}

/** What an unclean election of a replica that lags does: the second half of each log is gone. */
function cutInHalf(broker: LocalBroker, partitions: readonly string[]): void {
  const data = join(broker.folder, 'data');
  for (const partition of partitions) {
    const folder = join(data, partition);
    const file = join(folder, '00000000000000000000.log');
    truncateSync(file, Math.floor(statSync(file).size / 2));
    for (const name of readdirSync(folder)) if (/index|snapshot/.test(name)) rmSync(join(folder, name));
  }
  for (const name of readdirSync(data)) {
    if (/recovery-point|replication-offset|log-start/.test(name)) rmSync(join(data, name));
  }
}
