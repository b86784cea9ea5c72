import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { EventLog } from '../../../src/log/event-log.ts';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { runKafkaTool } from '../../../tools/kafka/local-broker.ts';
import { ownBrokerSuite } from '../../kafka/kafka-suite.ts';
import { append, bytes, readFrom, startOf } from '../log-fixture.ts';

const PARTITIONS = 3;
const RECORDS = 60_000;

ownBrokerSuite('a broker that stops, crashes and comes back', (start) => {
  test('TERM and kill -9 under way: no gap, no repeat, back within 2 s', async () => {
    await using broker = await start();
    await using log = openKafkaLog({ brokers: [broker.address] });
    const topic = 'restarts';
    await log.createTopic({ name: topic, partitions: PARTITIONS, settings: {} });

    let restarts = 0;
    let ups = 0;
    let upAt = 0;
    const backAfter: number[] = [];
    const writing = write(log, topic, () => ups === 2);
    const seen = await follow(log, topic, async (count) => {
      if (upAt > 0) backAfter.push(performance.now() - upAt);
      upAt = 0;
      const due = restarts === 0 ? RECORDS / 4 : RECORDS / 2;
      if (restarts >= 2 || count < due) return;
      await (restarts === 0 ? broker.kill() : broker.stop());
      restarts++;
      // Reading and writing go on meanwhile, and meet a closed port.
      void broker.up().then(() => {
        ups++;
        upAt = performance.now();
      });
    });
    const written = await writing;

    expect(seen.every((offsets, partition) => offsets === written[partition])).toBe(true);
    expect(restarts).toBe(2);
    expect(backAfter.length).toBe(2);
    for (const milliseconds of backAfter) expect(milliseconds).toBeLessThan(2000);
  });

  test("the real Java client's batches are read right, and its tools see our lag and our records", async () => {
    await using broker = await start();
    await using log = openKafkaLog({ brokers: [broker.address] });
    const topic = 'java';
    await log.createTopic({ name: topic, partitions: 1, settings: {} });
    const at = ['--bootstrap-server', broker.address];
    const lines = Array.from({ length: 500 }, (_, i) => `key-${i}\tvalue ${i}`);
    const produced = [...at, '--topic', topic, '--reader-property', 'parse.key=true'];
    runKafkaTool(
      'org.apache.kafka.tools.ConsoleProducer',
      [...produced, '--compression-codec', 'lz4'],
      `${lines.join('\n')}\n`,
    );
    runKafkaTool(
      'org.apache.kafka.tools.ConsoleProducer',
      [...produced, '--compression-codec', 'snappy'],
      `${lines.join('\n')}\n`,
    );
    await append(log, topic, [['ours', 'by us']]);

    const read = await readFrom(log, startOf(topic, 1), 1001);
    const pairs = lines.map((line) => line.split('\t'));
    expect(read.map(({ key, value }) => [key, value])).toEqual([...pairs, ...pairs, ['ours', 'by us']]);

    const consumed = runKafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...at,
      '--topic',
      topic,
      '--from-beginning',
      '--max-messages',
      '1001',
    ]);
    expect(consumed.trim().split('\n').at(-1)).toBe('by us');

    await log.publishCheckpoint('lens', [{ topic, partition: 0, offset: 900 }]);
    const groups = runKafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
      ...at,
      '--describe',
      '--group',
      'lens',
    ]);
    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG ...
    expect(groups).toMatch(/lens\s+java\s+0\s+900\s+1001\s+101\b/);
  });
});

/** Adds numbered records until all are written and `done` holds; returns how many went to each partition. */
async function write(log: EventLog, topic: string, done: () => boolean): Promise<number[]> {
  const written = Array.from({ length: PARTITIONS }, () => 0);
  await using writer = await log.write({ compression: 'lz4' });
  for (let i = 0; i < RECORDS || !done(); i++) {
    const partition = i % PARTITIONS;
    writer.add(topic, null, bytes(String(written[partition])), { partition });
    written[partition] = (written[partition] as number) + 1;
    if (i % 100 === 0) {
      await writer.drain();
      await sleep(1);
    }
  }
  writer.add(topic, null, bytes('end'), { partition: 0 });
  await writer.flush();
  return written;
}

/** Reads until the record `end`, expecting each partition's numbers without gap or repeat; returns how many there were. */
async function follow(log: EventLog, topic: string, onBlock: (count: number) => Promise<void>): Promise<number[]> {
  const seen = Array.from({ length: PARTITIONS }, () => 0);
  await using reader = await log.read(startOf(topic, PARTITIONS), { maxBytesPerPartition: 20_000 });
  let ended = false;
  let total = 0;
  for (;;) {
    const block = await reader.next(ended ? 1000 : 30_000);
    if (block === null) {
      if (ended) return seen;
      throw new Error(`nothing came for 30 s after ${total} records`);
    }
    for (let i = 0; i < block.count; i++) {
      const value = Buffer.from(block.value(i) ?? []).toString();
      if (value === 'end') {
        ended = true;
        continue;
      }
      if (value !== String(seen[block.partition]))
        throw new Error(`partition ${block.partition}: ${value} instead of ${seen[block.partition]}`);
      seen[block.partition] = (seen[block.partition] as number) + 1;
      total++;
    }
    if (block.count > 0) await onBlock(total);
  }
}
