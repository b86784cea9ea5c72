import { expect, test } from 'vitest';
import { append, readFrom, startOf, take } from '../log-fixture.ts';
import { KEEP } from './subject.ts';
import type { Subject } from './subject.ts';

export function rangeTests(s: Subject): void {
  test('positions below the low or past the end offset are refused with the numbers', async () => {
    const topic = await s.newTopic(1);
    await append(
      s.log,
      topic,
      Array.from({ length: 100 }, (_, i) => ['k', String(i)] as const),
    );
    await s.fixture.deleteRecordsBefore(topic, 0, 40);
    expect(await s.log.offsets([topic])).toEqual([{ topic, partition: 0, low: 40, end: 100 }]);
    for (const offset of [0, 39, 101]) {
      const refused = readFrom(s.log, startOf(topic, 1, offset), 1);
      await expect(refused).rejects.toMatchObject({
        code: 'LOG_OFFSET_OUT_OF_RANGE',
        message: expect.stringMatching(new RegExp(`\\b${offset}\\b[^]*\\b40\\b[^]*\\b100\\b`)),
        fields: { topic, partition: 0, offset, low: 40, end: 100 },
      });
    }
    const read = await readFrom(s.log, startOf(topic, 1, 40), 60);
    expect(read.map((r) => r.offset)).toEqual(Array.from({ length: 60 }, (_, i) => 40 + i));
    expect(await readFrom(s.log, startOf(topic, 1, 100), 0)).toEqual([]);
  });

  test('a log truncated under the reader is refused, never skipped', async () => {
    const topic = await s.newTopic(1);
    await append(
      s.log,
      topic,
      Array.from({ length: 40_000 }, (_, i) => [null, `${i}`.padEnd(250, '.')] as const),
    );
    await using reader = await s.log.read(startOf(topic, 1), { maxBytesPerPartition: 50_000 });
    let next = (await reader.next(5000))?.nextOffset ?? 0;
    expect(next).toBeGreaterThan(0);
    await s.fixture.deleteRecordsBefore(topic, 0, 39_990);
    const rest = async (): Promise<void> => {
      while (next < 40_000) {
        const block = await reader.next(5000);
        if (block !== null && block.count > 0) expect(block.offset(0)).toBe(next);
        next = block?.nextOffset ?? next;
      }
    };
    const refused: unknown = await rest().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringMatching(/\b39990\b[^]*\b40000\b/),
      // Where reading stopped: what had been fetched before is still handed over.
      fields: { topic, partition: 0, offset: next, low: 39_990, end: 40_000 },
    });
  });

  test('a partition that the topic does not have is refused', async () => {
    const topic = await s.newTopic(1);
    const refused = readFrom(s.log, [{ topic, partition: 1, offset: 0 }], 1);
    await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/^LOG_/) });
  });

  test('a topic deleted under the reader ends the reading with an error', async () => {
    const topic = await s.newTopic(1);
    await append(s.log, topic, [['k', 'v']]);
    await using reader = await s.log.read(startOf(topic, 1));
    await take(reader, 1);
    await s.log.deleteTopic(topic);
    await expect(take(reader, 1)).rejects.toMatchObject({ code: 'LOG_TOPIC_MISSING' });
  });

  test('records of a topic made again under the reader are not taken for the old one', async () => {
    const topic = await s.newTopic(1);
    await append(s.log, topic, [['k', 'old']]);
    await using reader = await s.log.read(startOf(topic, 1));
    await take(reader, 1);
    await s.log.deleteTopic(topic);
    await s.log.createTopic({ name: topic, partitions: 1, settings: KEEP });
    await append(s.log, topic, [
      ['k', 'new 0'],
      ['k', 'new 1'],
      ['k', 'new 2'],
    ]);
    await expect(take(reader, 1)).rejects.toMatchObject({ code: 'LOG_TOPIC_RECREATED' });
  });
}
