import { afterEach, describe, expect, test, vi } from 'vitest';
import { KafkaReader } from '../../../src/log/kafka/kafka-reader.ts';
import * as topics from '../../../src/log/kafka/kafka-topics.ts';
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
});
