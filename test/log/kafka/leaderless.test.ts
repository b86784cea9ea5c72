import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { KafkaReader } from '../../../src/log/kafka/kafka-reader.ts';
import * as topics from '../../../src/log/kafka/kafka-topics.ts';
import { KafkaWriter } from '../../../src/log/kafka/kafka-writer.ts';
import { FakeCluster } from './fake-cluster.ts';

describe('a partition without a leader', () => {
  afterEach(() => vi.restoreAllMocks());

  test('leaves the work of reading the others as it is', async () => {
    // A reader does not start without all leaders, but may lose one later.
    vi.spyOn(topics, 'topicOffsets').mockResolvedValue(
      [0, 1].map((partition) => ({ topic: 't', partition, low: 0, end: 10 })),
    );
    const from = [0, 1].map((partition) => ({ topic: 't', partition, offset: 0 }));
    await using reader = await KafkaReader.open(new FakeCluster().cluster, from, {}, () => undefined);
    const grouped = vi.spyOn(Map, 'groupBy');
    const worked: number[] = [];
    for (let second = 0; second < 3; second++) {
      grouped.mockClear();
      let blocks = 0;
      for (const end = performance.now() + 1000; performance.now() < end;) {
        if ((await reader.next(100)) !== null) blocks++;
      }
      expect(blocks).toBeGreaterThan(20);
      worked.push(grouped.mock.calls.length / blocks);
    }
    // Each block leads to two looks at what can be asked for; the waiting one adds ten a second.
    expect(Math.max(...worked)).toBeLessThan(4);
  });

  test('leaves the writing to the others as it is', async () => {
    const fake = new FakeCluster();
    const writer = await KafkaWriter.open(fake.cluster, {}, () => undefined);
    for (let i = 0; i < 100; i++) {
      for (const partition of [1, 0]) writer.add('t', null, Buffer.from('v'), { partition });
      await sleep(5);
    }
    await sleep(200);
    expect(fake.taken).toBeGreaterThan(20);
  });
});

describe('a topic made again under a writer', () => {
  test('is refused as soon as the metadata tell', async () => {
    const fake = new FakeCluster();
    const writer = await KafkaWriter.open(fake.cluster, {}, () => undefined);
    writer.add('t', null, Buffer.from('v'), { partition: 0 });
    await writer.flush();
    fake.topicId = 'another';
    // Partition 1 has no leader, which makes the writer ask again.
    writer.add('t', null, Buffer.from('v'), { partition: 1 });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'LOG_TOPIC_RECREATED' });
  });
});

describe('a writer that cannot get rid of its records', () => {
  test('tells so within seconds after the signal to stop', async () => {
    const fake = new FakeCluster();
    const stop = new AbortController();
    const writer = await KafkaWriter.open(fake.cluster, { signal: stop.signal }, () => undefined);
    writer.add('t', null, Buffer.from('v'), { partition: 1 });
    const start = performance.now();
    stop.abort();
    await expect(writer[Symbol.asyncDispose]()).rejects.toMatchObject({
      code: 'LOG_APPEND_FAILED',
      message: expect.stringContaining('stopped with records queued'),
    });
    expect(performance.now() - start).toBeLessThan(4000);
  });

  test('throws a failure when disposed that nobody has heard of, and only then', async () => {
    const fake = new FakeCluster();
    const fails = async (told: boolean): Promise<void> => {
      const writer = await KafkaWriter.open(fake.cluster, {}, () => undefined);
      writer.add('t', null, Buffer.from('v'), { partition: 0 });
      await writer.flush();
      fake.topicId = `another-${told}`;
      writer.add('t', null, Buffer.from('v'), { partition: 1 });
      await sleep(300);
      if (told) await expect(writer.drain()).rejects.toMatchObject({ code: 'LOG_TOPIC_RECREATED' });
      await writer[Symbol.asyncDispose]();
    };
    await expect(fails(false)).rejects.toMatchObject({ code: 'LOG_TOPIC_RECREATED' });
    await fails(true);
  });
});
