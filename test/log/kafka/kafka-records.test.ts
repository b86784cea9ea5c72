import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Compression, EventLog, LogReader } from '../../../src/log/event-log.ts';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { kafkaSuite } from '../../kafka/kafka-suite.ts';
import { append, recordsOf, startOf, type ReadRecord } from '../log-fixture.ts';
import { otherClient } from './kafka-fixture.ts';

const RUN = Date.now().toString(36);

kafkaSuite('what only Kafka has: compaction, transactions, groups', (brokers) => {
  let log: EventLog;
  beforeAll(() => {
    log = openKafkaLog({ brokers });
  });
  afterAll(async () => await log[Symbol.asyncDispose]());

  test('a compacted topic with holes and emptied batches is read to its end', async () => {
    const topic = `compacted-${RUN}`;
    await log.createTopic({
      name: topic,
      partitions: 1,
      settings: {
        'cleanup.policy': 'compact',
        'segment.ms': '200',
        'min.cleanable.dirty.ratio': '0.01',
        'max.compaction.lag.ms': '300',
      },
    });
    // Each round overwrites the same keys in a batch of its own: compaction empties the older batches.
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      await append(
        log,
        topic,
        keys(20).map((key) => [key, `${round}`] as const),
      );
      await sleep(120);
    }
    const written = 20 * rounds;
    await append(log, topic, [['last', 'rolls the segment']]);
    let read: ReadRecord[] = [];
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(500)) {
      read = await readTo(log, topic, written + 1);
      if (read.length < written / 2) break;
    }
    expect(read.length).toBeLessThan(written / 2);
    expect(increasing(read)).toBe(true);
    expect(await emptiedBlocks(log, topic, written + 1), 'batches that compaction emptied').toBeGreaterThan(0);
    const newest = new Map(read.map(({ key, value }) => [key, value]));
    expect(newest.get('last')).toBe('rolls the segment');
    for (const key of keys(20)) expect(newest.get(key)).toBe(String(rounds - 1));
    // From inside of a hole reading goes on behind it; the cleaner may have gone on in the meantime, too.
    const hole = (read[0]?.offset ?? 1) - 1;
    expect(hole).toBeGreaterThanOrEqual(0);
    const again = await readTo(log, topic, written + 1, hole);
    expect(increasing(again)).toBe(true);
    expect(new Map(again.map(({ key, value }) => [key, value]))).toEqual(newest);
  });

  test('of interleaved transactions only committed records come, from any start', async () => {
    const topic = `transactions-${RUN}`;
    await log.createTopic({ name: topic, partitions: 1, settings: {} });
    const committed = await writeTransactions(topic);
    const end = await endOfAll(topic);
    expect(end).toBeGreaterThan(committed.length);
    const all = await readTo(log, topic, end);
    expect(all.map(({ value }) => value)).toEqual(committed);
    for (let from = 1; from < end; from += 3) {
      const suffix = await readTo(log, topic, end, from);
      expect(suffix.map(({ offset }) => offset)).toEqual(
        all.map(({ offset }) => offset).filter((offset) => offset >= from),
      );
    }
  });

  test('an open transaction holds the end back until it is decided', async () => {
    const topic = `open-transaction-${RUN}`;
    await log.createTopic({ name: topic, partitions: 1, settings: {} });
    const producer = otherClient(brokers).producer({
      transactionalId: `open-${RUN}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    try {
      await append(log, topic, [['k', 'before']]);
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: 'k', value: 'inside' }] });
      await append(log, topic, [['k', 'after']]);
      expect(await log.offsets([topic])).toEqual([{ topic, partition: 0, low: 0, end: 1 }]);
      await using reader = await log.read(startOf(topic, 1));
      expect(await values(reader, 300)).toEqual(['before']);
      await transaction.commit();
      expect(await values(reader, 2000)).toEqual(['inside', 'after']);
    } finally {
      await producer.disconnect();
    }
  });

  test('a published checkpoint is what other clients see as the offsets of the group', async () => {
    const topic = `lag-${RUN}`;
    const group = `group-${RUN}`;
    await log.createTopic({ name: topic, partitions: 2, settings: {} });
    await append(
      log,
      topic,
      keys(10).map((key) => [key, 'v', { partition: 0 }] as const),
    );
    await log.publishCheckpoint(group, [
      { topic, partition: 0, offset: 7 },
      { topic, partition: 1, offset: 0 },
    ]);
    const admin = otherClient(brokers).admin();
    await admin.connect();
    try {
      const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      expect(offsets?.partitions.map(({ partition, offset }) => [partition, offset]).sort()).toEqual([
        [0, '7'],
        [1, '0'],
      ]);
    } finally {
      await admin.disconnect();
    }
  });

  test("Kafka's own topics are not listed", async () => {
    const topic = `listed-${RUN}`;
    await log.createTopic({ name: topic, partitions: 1, settings: {} });
    await log.publishCheckpoint(`internal-${RUN}`, [{ topic, partition: 0, offset: 0 }]); // makes __consumer_offsets
    const names = [...(await log.topics()).keys()];
    expect(names).toContain(topic);
    expect(names.filter((name) => name.startsWith('__'))).toEqual([]);
  });

  test('a checkpoint in a topic that is not there is refused at once', async () => {
    const published = log.publishCheckpoint(`missing-${RUN}`, [{ topic: `none-${RUN}`, partition: 0, offset: 0 }]);
    await expect(published).rejects.toMatchObject({ code: 'LOG_TOPIC_MISSING' });
  });

  test('a setting that Kafka does not know is refused with its words', async () => {
    const refused = log.createTopic({ name: `bad-${RUN}`, partitions: 1, settings: { 'no.such.setting': '1' } });
    await expect(refused).rejects.toMatchObject({
      code: 'TOPIC_CONTRACT_INVALID',
      message: expect.stringContaining('no.such.setting'),
    });
  });

  test('a record larger than the topic allows is refused, and says so', async () => {
    const topic = `small-${RUN}`;
    await log.createTopic({ name: topic, partitions: 1, settings: { 'max.message.bytes': '2000' } });
    await expect(append(log, topic, [['k', 'x'.repeat(5000)]])).rejects.toMatchObject({
      code: 'LOG_APPEND_FAILED',
      hint: expect.stringContaining('max.message.bytes'),
    });
  });

  test.each<Compression>(['none', 'lz4'])(
    'records that fit are written where the topic takes smaller batches than ours (%s)',
    async (compression) => {
      const topic = `small-batches-${compression}-${RUN}`;
      await log.createTopic({ name: topic, partitions: 1, settings: { 'max.message.bytes': '20000' } });
      const sent = Array.from({ length: 1000 }, (_, i) => `${i} ${randomBytes(350).toString('hex')}`);
      {
        await using writer = await log.write({ compression });
        for (const [i, value] of sent.entries()) {
          const headers = [['n', Buffer.from(`${i}`)]] as const;
          writer.add(topic, Buffer.from(`k${i}`), Buffer.from(value), { timestamp: 1000 + i, headers });
        }
      }
      const read = await readTo(log, topic, sent.length);
      expect(read.map(({ value }) => value)).toEqual(sent);
      expect(read.map(({ offset, key, timestamp }) => [offset, key, timestamp])).toEqual(
        sent.map((_, i) => [i, `k${i}`, 1000 + i]),
      );
      expect(read.map(({ headers }) => headers)).toEqual(sent.map((_, i) => [['n', `${i}`]]));
    },
  );

  test('records arrive within milliseconds of being added', async () => {
    const topic = `live-${RUN}`;
    await log.createTopic({ name: topic, partitions: 4, settings: {} });
    await using writer = await log.write();
    await using reader = await log.read(startOf(topic, 4));
    const latencies: number[] = [];
    for (let i = 0; i < 50; i++) {
      const start = performance.now();
      writer.add(topic, null, Buffer.from(String(i)));
      for (let seen = 0; seen === 0;) seen = (await reader.next(5000))?.count ?? 0;
      latencies.push(performance.now() - start);
    }
    const median = latencies.sort((a, b) => a - b)[25];
    // 8 ms on two idle cores; the bound leaves room for a busy machine, yet is far below the long poll of 500 ms
    expect(median).toBeLessThan(100);
  });

  /** Three producers take turns within open transactions; a third of these are aborted. Returns the committed values. */
  /** The end once the markers of all transactions are there: a commit is answered before they are. */
  async function endOfAll(topic: string): Promise<number> {
    const admin = otherClient(brokers).admin();
    await admin.connect();
    try {
      for (;;) {
        const [{ end } = { end: 0 }] = await log.offsets([topic]);
        const [{ high } = { high: '' }] = await admin.fetchTopicOffsets(topic);
        if (String(end) === high) return end;
        await sleep(50);
      }
    } finally {
      await admin.disconnect();
    }
  }

  async function writeTransactions(topic: string): Promise<string[]> {
    const client = otherClient(brokers);
    const producers = [0, 1, 2].map((i) =>
      client.producer({ transactionalId: `${topic}-${i}`, idempotent: true, maxInFlightRequests: 1 }),
    );
    const sent: { value: string; transaction: string }[] = [];
    const aborted = new Set<string>();
    await Promise.all(producers.map((producer) => producer.connect()));
    for (let round = 0; round < 6; round++) {
      const open = [];
      for (const [i, producer] of producers.entries())
        open.push({ name: `${round}-${i}`, transaction: await producer.transaction() });
      for (let turn = 0; turn < 4; turn++) {
        for (const { name, transaction } of open) {
          const value = `${name}-${turn}`;
          // int32 0 as key: what kafkajs once took for an abort marker
          await transaction.send({ topic, messages: [{ key: Buffer.alloc(4), value }] });
          sent.push({ value, transaction: name });
        }
        await append(log, topic, [['plain', `plain-${round}-${turn}`]]);
        sent.push({ value: `plain-${round}-${turn}`, transaction: '' });
      }
      // Decided in another order than begun
      for (const { name, transaction } of open.toReversed()) {
        const abort = (round + Number(name.at(-1))) % 3 === 0;
        await (abort ? transaction.abort() : transaction.commit());
        if (abort) aborted.add(name);
      }
    }
    await Promise.all(producers.map((producer) => producer.disconnect()));
    return sent.filter(({ transaction }) => !aborted.has(transaction)).map(({ value }) => value);
  }
});

/** Reads a partition until its position is `end`; fails when that does not come about. */
async function readTo(log: EventLog, topic: string, end: number, from = 0): Promise<ReadRecord[]> {
  await using reader = await log.read(startOf(topic, 1, from), { maxBytesPerPartition: 2000 });
  const records: ReadRecord[] = [];
  for (let next = from; next < end;) {
    const block = await reader.next(5000);
    if (block === null) throw new Error(`nothing more at ${next} of ${end}`);
    records.push(...recordsOf(block));
    next = block.nextOffset;
  }
  return records;
}

/** How many blocks of the partition move the position and hold no record. */
async function emptiedBlocks(log: EventLog, topic: string, end: number): Promise<number> {
  await using reader = await log.read(startOf(topic, 1), { maxBytesPerPartition: 1 });
  let emptied = 0;
  for (let next = 0; next < end;) {
    const block = await reader.next(5000);
    if (block === null) throw new Error(`nothing more at ${next} of ${end}`);
    if (block.count === 0) emptied++;
    next = block.nextOffset;
  }
  return emptied;
}

/** The values that come until nothing more does for that long. */
async function values(reader: LogReader, quietMs: number): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for (let block = await reader.next(5000); block !== null; block = await reader.next(quietMs)) {
    found.push(...recordsOf(block).map(({ value }) => value));
  }
  return found;
}

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key-${i}`);
}

function increasing(records: readonly ReadRecord[]): boolean {
  return records.every(({ offset }, i) => i === 0 || offset > (records[i - 1] as ReadRecord).offset);
}
