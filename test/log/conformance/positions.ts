import { expect, test } from 'vitest';
import type { Compression } from '../../../src/log/event-log.ts';
import { append, bytes, readFrom, startOf, text } from '../log-fixture.ts';
import type { Subject } from './subject.ts';

export function positionTests(s: Subject): void {
  test.each<Compression>(['none', 'zstd'])(
    'reading resumes exactly at any offset, also inside a batch (%s)',
    async (codec) => {
      const topic = await s.newTopic(1);
      {
        await using writer = await s.log.write({ compression: codec });
        for (let i = 0; i < 60; i++) {
          writer.add(topic, null, bytes(String(i)));
          if (i === 9 || i === 40) await writer.flush();
        }
      }
      for (const offset of [0, 1, 8, 9, 10, 11, 25, 40, 41, 42, 58, 59]) {
        const read = await readFrom(s.log, startOf(topic, 1, offset), 60 - offset);
        expect(read.map((r) => r.value)).toEqual(Array.from({ length: 60 - offset }, (_, i) => String(offset + i)));
      }
    },
  );

  test('blocks follow each other without gaps and say how far the end is', async () => {
    const topic = await s.newTopic(1);
    await append(
      s.log,
      topic,
      Array.from({ length: 5000 }, (_, i) => [null, `${i}`.padEnd(100, '.')] as const),
    );
    await using reader = await s.log.read(startOf(topic, 1), { maxBytesPerPartition: 30_000 });
    let next = 0;
    while (next < 5000) {
      const block = await reader.next(5000);
      if (block === null) throw new Error(`nothing more at ${next}`);
      expect([block.topic, block.partition, block.endOffset]).toEqual([topic, 0, 5000]);
      if (block.count > 0) expect(block.offset(0)).toBe(next);
      expect(block.nextOffset).toBe(next + block.count);
      next = block.nextOffset;
    }
  });

  test('the bound on a block is kept', async () => {
    const topic = await s.newTopic(1);
    await using writer = await s.log.write();
    for (let i = 0; i < 100; i++) {
      writer.add(topic, null, bytes('x'.repeat(1000)));
      await writer.flush();
    }
    await using reader = await s.log.read(startOf(topic, 1), { maxBytesPerPartition: 10_000 });
    let records = 0;
    for (let block = await reader.next(5000); block !== null; block = await reader.next(records < 100 ? 5000 : 50)) {
      expect(block.count).toBeLessThan(10);
      records += block.count;
    }
    expect(records).toBe(100);
  });

  test('partitions take turns', async () => {
    const topic = await s.newTopic(4);
    const long = Array.from({ length: 20_000 }, (_, i) => [null, `${i}`.padEnd(200, '.'), { partition: 0 }] as const);
    await append(s.log, topic, [...long, ...[1, 2, 3].map((partition) => ['k', 'v', { partition }] as const)]);
    await using reader = await s.log.read(startOf(topic, 4), { maxBytesPerPartition: 100_000 });
    const seen = new Set<number>();
    for (let i = 0; i < 8; i++) {
      const block = await reader.next(5000);
      if (block !== null && block.count > 0) seen.add(block.partition);
    }
    expect(seen).toEqual(new Set([0, 1, 2, 3]));
  });

  test('several topics are read by one reader', async () => {
    const [one, two] = [await s.newTopic(1), await s.newTopic(2)];
    await append(s.log, one, [['k', 'one']]);
    await append(s.log, two, [['k', 'two', { partition: 1 }]]);
    await using reader = await s.log.read([...startOf(one, 1), ...startOf(two, 2)]);
    const seen: [string, number, string | null][] = [];
    while (seen.length < 2) {
      const block = await reader.next(5000);
      if (block === null) break;
      for (let i = 0; i < block.count; i++) seen.push([block.topic, block.partition, text(block.value(i))]);
    }
    expect(seen).toEqual(
      expect.arrayContaining([
        [one, 0, 'one'],
        [two, 1, 'two'],
      ]),
    );
  });
}
