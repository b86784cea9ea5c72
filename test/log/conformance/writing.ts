import { expect, test } from 'vitest';
import type { EventLog } from '../../../src/log/event-log.ts';
import { partitionOf } from '../../../src/log/partitioner.ts';
import { append, bytes, readFrom, startOf } from '../log-fixture.ts';
import type { ReadRecord } from '../log-fixture.ts';
import { RUN, zero } from './subject.ts';
import type { Subject } from './subject.ts';

export function writingTests(s: Subject): void {
  test('records of a key keep their order and go where Kafka clients put them', async () => {
    const topic = await s.newTopic(6);
    const sent = Array.from({ length: 6000 }, (_, i) => [`key-${i % 97}`, String(i)] as const);
    await append(s.log, topic, sent);
    const read = await readFrom(s.log, startOf(topic, 6), sent.length);
    expect(read.length).toBe(sent.length);
    expect(read.every((r) => r.partition === partitionOf(bytes(r.key ?? ''), 6))).toBe(true);
    expectOrdered(read);
    for (const end of await s.log.offsets([topic])) {
      expect(end).toMatchObject({ low: 0, end: read.filter((r) => r.partition === end.partition).length });
    }
  });

  test('records without a key reach every partition', async () => {
    const topic = await s.newTopic(3);
    const sent = Array.from({ length: 60_000 }, (_, i) => [null, `${i}${'.'.repeat(60)}`] as const);
    await append(s.log, topic, sent);
    const ends = await s.log.offsets([topic]);
    expect(ends.reduce((sum, { end }) => sum + end, 0)).toBe(sent.length);
    for (const { end } of ends) expect(end).toBeGreaterThan(0);
  });

  test('a record is readable soon after add, without drain or flush', async () => {
    const topic = await s.newTopic(1);
    await using writer = await s.log.write();
    writer.add(topic, bytes('k'), bytes('v'));
    await using other = s.fixture.freshLog();
    expect((await readFrom(other, startOf(topic, 1), 1)).map((r) => r.value)).toEqual(['v']);
  });

  test('disposing a writer flushes', async () => {
    const topic = await s.newTopic(1);
    {
      await using writer = await s.log.write();
      for (let i = 0; i < 100; i++) writer.add(topic, null, bytes(String(i)));
    }
    expect(await s.log.offsets([topic])).toEqual([{ topic, partition: 0, low: 0, end: 100 }]);
  });

  test('disposing the log flushes the writers it opened', async () => {
    const topic = await s.newTopic(2);
    const other = s.fixture.freshLog();
    for (const partition of [0, 1]) {
      const writer = await other.write();
      writer.add(topic, bytes('k'), bytes('v'), { partition });
    }
    await other[Symbol.asyncDispose]();
    expect((await s.log.offsets([topic])).map(({ end }) => end)).toEqual([1, 1]);
  });

  test('disposing the log tells that a writer of it lost records', async () => {
    const topic = await s.newTopic(1);
    const other = s.fixture.freshLog();
    const writer = await other.write();
    writer.add(topic, bytes('k'), bytes('v'));
    await writer.flush();
    await s.log.deleteTopic(topic);
    writer.add(topic, bytes('k'), bytes('v'));
    await expect(other[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'LOG_TOPIC_MISSING' });
  });

  test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY])('the timestamp %d is refused, alone', async (timestamp) => {
    const topic = await s.newTopic(1);
    await using writer = await s.log.write();
    writer.add(topic, bytes('k'), bytes('before'));
    expect(() => writer.add(topic, bytes('k'), bytes('v'), { timestamp })).toThrow(
      expect.objectContaining({ code: 'LOG_APPEND_FAILED' }),
    );
    writer.add(topic, bytes('k'), bytes('after'));
    await writer.flush();
    expect((await readFrom(s.log, startOf(topic, 1), 2)).map((r) => r.value)).toEqual(['before', 'after']);
  });

  test('bytes are copied when a record is added', async () => {
    const topic = await s.newTopic(1);
    const value = bytes('first');
    await using writer = await s.log.write();
    writer.add(topic, null, value);
    value.fill(0);
    await writer.flush();
    expect((await readFrom(s.log, startOf(topic, 1), 1))[0]?.value).toBe('first');
  });

  test('two writers at once lose and double nothing', async () => {
    const topic = await s.newTopic(2);
    await using other = s.fixture.freshLog();
    const writing = async (log: EventLog, name: string): Promise<void> => {
      await using writer = await log.write();
      for (let i = 0; i < 3000; i++) {
        writer.add(topic, bytes(name), bytes(String(i)), { partition: i % 2 });
        if (i % 100 === 0) await writer.flush();
      }
    };
    await Promise.all([writing(s.log, 'a'), writing(other, 'b')]);
    const read = await readFrom(s.log, startOf(topic, 2), 6000);
    expect(read.length).toBe(6000);
    expect(new Set(read.map((r) => `${r.key}${r.value}`)).size).toBe(6000);
    expectOrdered(read);
  });

  test('a record for a topic that is not there fails', async () => {
    const lost = append(s.log, `conformance-${RUN}-none`, [['k', 'v']]);
    await expect(lost).rejects.toMatchObject({ code: expect.stringMatching(/^LOG_(TOPIC_MISSING|APPEND_FAILED)$/) });
  });

  test('a record for a partition that is not there fails', async () => {
    const topic = await s.newTopic(2);
    const lost = append(s.log, topic, [['k', 'v', { partition: 2 }]]);
    await expect(lost).rejects.toMatchObject({ code: 'LOG_APPEND_FAILED' });
  });

  test('a record without a key for a compacted topic is refused', async () => {
    const topic = await s.newTopic(1, { 'cleanup.policy': 'compact' });
    await expect(append(s.log, topic, [[null, 'v']])).rejects.toMatchObject({ code: 'LOG_APPEND_FAILED' });
    expect(await s.log.offsets([topic])).toEqual([zero(topic, 0)]);
  });
}

/** The numbers in the values of one key, or of one writer in one partition, increase with the offset; no offset twice. */
function expectOrdered(read: readonly ReadRecord[]): void {
  const lastOffset = new Map<number, number>();
  const lastValue = new Map<string, number>();
  for (const { partition, offset, key, value } of read) {
    expect(offset).toBe((lastOffset.get(partition) ?? -1) + 1);
    lastOffset.set(partition, offset);
    const stream = `${partition} ${key}`;
    expect(Number(value)).toBeGreaterThan(lastValue.get(stream) ?? -1);
    lastValue.set(stream, Number(value));
  }
}
