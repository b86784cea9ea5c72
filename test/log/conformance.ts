import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Compression, EventLog } from '../../src/log/event-log.ts';
import { partitionOf } from '../../src/log/partitioner.ts';
import { append, bytes, readFrom, recordsOf, startOf, take, text } from './log-fixture.ts';
import type { LogFixture, ReadRecord } from './log-fixture.ts';

const KEEP = { 'cleanup.policy': 'delete', 'retention.ms': '-1' };
const RUN = Date.now().toString(36);
let topicCount = 0;

/** A log and a new topic in it, for each test. */
export interface Subject {
  readonly fixture: LogFixture;
  readonly log: EventLog;
  newTopic(partitions: number, settings?: Record<string, string>): Promise<string>;
}

/**
 * What every EventLog must do (src/log/event-log.ts), run against each implementation.
 *
 * @param name shown in the test's name
 * @param factory makes the log, once for the suite
 */
export function conformance(name: string, factory: () => Promise<LogFixture>): void {
  describe(`event log conformance: ${name}`, () => {
    let fixture: LogFixture;
    beforeAll(async () => {
      fixture = await factory();
    });
    afterAll(async () => {
      await fixture[Symbol.asyncDispose]();
    });
    const subject: Subject = {
      get fixture() {
        return fixture;
      },
      get log() {
        return fixture.log;
      },
      async newTopic(partitions, settings = KEEP) {
        const topic = `conformance-${RUN}-${topicCount++}`;
        await fixture.log.createTopic({ name: topic, partitions, settings });
        return topic;
      },
    };
    describe('topics', () => topicTests(subject));
    describe('records', () => recordTests(subject));
    describe('writing', () => writingTests(subject));
    describe('positions', () => positionTests(subject));
    describe('waiting', () => waitingTests(subject));
    describe('ranges', () => rangeTests(subject));
    describe('checkpoints', () => checkpointTests(subject));
  });
}

function topicTests(s: Subject): void {
  test('a created topic is listed with its partitions and settings', async () => {
    const topic = await s.newTopic(3, { 'cleanup.policy': 'compact', 'retention.ms': '86400000' });
    const found = (await s.log.topics()).get(topic);
    expect(found?.partitions).toBe(3);
    expect(found?.settings.get('cleanup.policy')).toBe('compact');
    expect(found?.settings.get('retention.ms')).toBe('86400000');
    expect(await s.log.offsets([topic])).toEqual(startOf(topic, 3).map(({ partition }) => zero(topic, partition)));
  });

  test('creating a topic that is there already is a mismatch', async () => {
    const topic = await s.newTopic(1);
    const again = s.log.createTopic({ name: topic, partitions: 1, settings: {} });
    await expect(again).rejects.toMatchObject({ code: 'LOG_TOPIC_MISMATCH' });
  });

  test('altering changes the given settings, keeps the others, adds partitions and never removes one', async () => {
    const topic = await s.newTopic(1, { 'cleanup.policy': 'compact', 'retention.ms': '86400000' });
    await append(s.log, topic, [['k', 'before']]);
    await s.log.alterTopic({ name: topic, partitions: 3, settings: { 'retention.ms': '-1' } });
    const found = (await s.log.topics()).get(topic);
    expect(found?.partitions).toBe(3);
    expect(found?.settings.get('cleanup.policy')).toBe('compact');
    expect(found?.settings.get('retention.ms')).toBe('-1');
    await append(s.log, topic, [['k', 'after', { partition: 2 }]]);
    const read = await readFrom(s.log, startOf(topic, 3), 2);
    expect(read.map((r) => [r.partition, r.value])).toEqual(
      expect.arrayContaining([
        [0, 'before'],
        [2, 'after'],
      ]),
    );
    const fewer = s.log.alterTopic({ name: topic, partitions: 2, settings: {} });
    await expect(fewer).rejects.toMatchObject({ code: 'LOG_TOPIC_MISMATCH' });
  });

  test('a topic that is not there is LOG_TOPIC_MISSING everywhere', async () => {
    const missing = { code: 'LOG_TOPIC_MISSING' };
    const topic = `conformance-${RUN}-none`;
    await expect(s.log.offsets([topic])).rejects.toMatchObject(missing);
    await expect(s.log.alterTopic({ name: topic, partitions: 1, settings: {} })).rejects.toMatchObject(missing);
    await expect(s.log.deleteTopic(topic)).rejects.toMatchObject(missing);
    await expect(readFrom(s.log, startOf(topic, 1), 1)).rejects.toMatchObject(missing);
  });

  test('a topic made again has another id and no records', async () => {
    const topic = await s.newTopic(1);
    await append(s.log, topic, [['k', 'old']]);
    const before = (await s.log.topics()).get(topic);
    await s.log.deleteTopic(topic);
    expect((await s.log.topics()).has(topic)).toBe(false);
    await s.log.createTopic({ name: topic, partitions: 1, settings: KEEP });
    expect((await s.log.topics()).get(topic)?.id).not.toBe(before?.id);
    expect(await s.log.offsets([topic])).toEqual([zero(topic, 0)]);
    await append(s.log, topic, [['k', 'new']]);
    expect((await readFrom(s.log, startOf(topic, 1), 1)).map((r) => r.value)).toEqual(['new']);
  });
}

function recordTests(s: Subject): void {
  test('keys, values, nulls, headers and timestamps come back as they were written', async () => {
    const topic = await s.newTopic(1);
    const anyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const headers = [
      ['a', bytes('1')],
      ['grüße', bytes(anyByte)],
      ['a', bytes('')],
    ] as const;
    const started = Date.now();
    await append(s.log, topic, [
      ['k1', 'v1', { timestamp: 1_659_312_000_123 }],
      [null, 'no key', { timestamp: 0 }],
      ['k1', null, { timestamp: 1_659_312_000_122 }],
      ['', '', { headers }],
      [anyByte, anyByte.repeat(1000)],
      [null, null],
    ]);
    const read = await readFrom(s.log, startOf(topic, 1), 6);
    expect(read.map((r) => r.offset)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(read.map((r) => r.key)).toEqual(['k1', null, 'k1', '', anyByte, null]);
    expect(read.map((r) => r.value)).toEqual(['v1', 'no key', null, '', anyByte.repeat(1000), null]);
    expect(read.slice(0, 3).map((r) => r.timestamp)).toEqual([1_659_312_000_123, 0, 1_659_312_000_122]);
    for (const record of read.slice(3)) {
      expect(record.timestamp).toBeGreaterThanOrEqual(started);
      expect(record.timestamp).toBeLessThanOrEqual(Date.now());
    }
    expect(read.map((r) => r.headers.length)).toEqual([0, 0, 0, 3, 0, 0]);
    expect(read[3]?.headers).toEqual([
      ['a', '1'],
      ['grüße', anyByte],
      ['a', ''],
    ]);
  });

  test.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('codec %s carries every record', async (codec) => {
    const topic = await s.newTopic(1);
    const values = Array.from({ length: 3000 }, (_, i) => `value ${i} `.repeat(1 + (i % 40)));
    {
      await using writer = await s.log.write({ compression: codec });
      for (const [i, value] of values.entries()) {
        writer.add(topic, bytes(`k${i}`), bytes(value));
        if (i % 700 === 0) await writer.flush();
      }
    }
    const read = await readFrom(s.log, startOf(topic, 1), values.length);
    expect(read.map((r) => r.value)).toEqual(values);
    expect(read.map((r) => r.offset)).toEqual(values.map((_, i) => i));
  });

  test('a value larger than a block comes whole', async () => {
    const topic = await s.newTopic(1);
    const large = 'x'.repeat(300_000);
    await append(s.log, topic, [
      ['a', 'small'],
      ['b', large],
      ['c', 'small'],
    ]);
    await using reader = await s.log.read(startOf(topic, 1), { maxBytesPerPartition: 10_000 });
    const values = (await take(reader, 3)).map((r) => r.value);
    expect(values.map((value) => value?.length)).toEqual([5, large.length, 5]);
    expect(values[1]).toBe(large);
  });
}

function writingTests(s: Subject): void {
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

function positionTests(s: Subject): void {
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

function waitingTests(s: Subject): void {
  test('next gives null when nothing came, and what is appended later', async () => {
    const topic = await s.newTopic(2);
    await using reader = await s.log.read(startOf(topic, 2));
    const start = performance.now();
    expect(await reader.next(100)).toBeNull();
    expect(performance.now() - start).toBeGreaterThanOrEqual(95);
    await append(s.log, topic, [['k', 'later', { partition: 1 }]]);
    expect((await take(reader, 1)).map((r) => [r.partition, r.offset, r.value])).toEqual([[1, 0, 'later']]);
  });

  test('a waiting reader wakes up on an append through another handle', async () => {
    const topic = await s.newTopic(1);
    await using other = s.fixture.freshLog();
    await using writer = await other.write();
    writer.add(topic, null, bytes('first'));
    await writer.flush();
    await using reader = await s.log.read(startOf(topic, 1));
    await take(reader, 1);
    const waiting = reader.next(20_000).then((block) => ({ block, at: performance.now() }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    writer.add(topic, null, bytes('second'));
    await writer.flush();
    const appended = performance.now();
    const { block, at } = await waiting;
    expect(block === null ? [] : recordsOf(block).map((r) => r.value)).toEqual(['second']);
    expect(at - appended).toBeLessThan(1000);
  });

  test('aborting ends the wait and the reading', async () => {
    const topic = await s.newTopic(1);
    const controller = new AbortController();
    await using reader = await s.log.read(startOf(topic, 1), { signal: controller.signal });
    const waiting = reader.next(30_000);
    const start = performance.now();
    setTimeout(() => controller.abort(), 50);
    expect(await waiting).toBeNull();
    expect(performance.now() - start).toBeLessThan(2000);
    await append(s.log, topic, [['k', 'v']]);
    expect(await reader.next(100)).toBeNull();
  });

  test('a reader of no positions waits', async () => {
    await using reader = await s.log.read([]);
    expect(await reader.next(20)).toBeNull();
  });
}

function rangeTests(s: Subject): void {
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
    await expect(rest()).rejects.toMatchObject({
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringMatching(/\b39990\b[^]*\b40000\b/),
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
    await expect(take(reader, 1)).rejects.toMatchObject({
      code: expect.stringMatching(/^LOG_(TOPIC_RECREATED|TOPIC_MISSING|OFFSET_OUT_OF_RANGE)$/),
    });
  });
}

function checkpointTests(s: Subject): void {
  test('a published checkpoint comes back, per group, the newest', async () => {
    const topic = await s.newTopic(2);
    await append(s.log, topic, [
      ['k', 'v', { partition: 0 }],
      ['k', 'v', { partition: 1 }],
    ]);
    const group = `group-${topic}`;
    const at = (zero: number, one: number) => [
      { topic, partition: 0, offset: zero },
      { topic, partition: 1, offset: one },
    ];
    expect(await s.log.publishedCheckpoint(group)).toEqual([]);
    await s.log.publishCheckpoint(group, at(0, 1));
    await s.log.publishCheckpoint(`${group}-other`, at(0, 0));
    await s.log.publishCheckpoint(group, at(1, 1));
    await using other = s.fixture.freshLog();
    const found = (await other.publishedCheckpoint(group)).toSorted((a, b) => a.partition - b.partition);
    expect(found).toEqual(at(1, 1));
  });
}

function zero(topic: string, partition: number) {
  return { topic, partition, low: 0, end: 0 };
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
