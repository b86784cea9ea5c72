/**
 * Appends and reads of the Kafka log alone: records/s and CPU seconds of this process per million records.
 *
 *     KAFKA_BROKERS=127.0.0.1:9092 node bench/kafka-log.ts [--records 2000000]
 *
 * Values of 57 bytes with 7-digit keys in 4 partitions, as the `generations` of the shipped project.
 */
import { parseArgs } from 'node:util';
import type { Compression, EventLog } from '../src/log/event-log.ts';
import { openKafkaLog } from '../src/log/kafka/kafka-log.ts';

const PARTITIONS = 4;
const { values } = parseArgs({ options: { records: { type: 'string', default: '2000000' } } });
const records = Number(values.records);
const brokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');

async function measured(label: string, count: number, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  process.stdout.write(
    `${label.padEnd(24)} ${Math.round(count / milliseconds)} k records/s   ${((user + system) / count).toFixed(2)} CPU s per million   ${memory} MB\n`,
  );
}

async function append(log: EventLog, topic: string, compression: Compression): Promise<void> {
  await using writer = await log.write({ compression });
  const value = Buffer.alloc(57, 'diffusion ');
  const key = Buffer.alloc(7);
  for (let i = 0; i < records; i++) {
    key.write(String(1_000_000 + i), 'latin1');
    value.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i % 48);
    writer.add(topic, key, value, { timestamp: 1_659_312_000_000 + i });
    if (i % 100 === 0) await writer.drain();
  }
  await writer.flush();
}

async function read(log: EventLog, topic: string): Promise<void> {
  const from = (await log.offsets([topic])).map(({ partition, low }) => ({ topic, partition, offset: low }));
  await using reader = await log.read(from);
  for (let seen = 0; seen < records;) {
    const block = await reader.next(5_000);
    if (block === null) throw new Error(`nothing more came after ${seen} records`);
    seen += block.count;
  }
}

await using log = openKafkaLog({ brokers });
for (const compression of ['none', 'lz4', 'zstd', 'snappy', 'gzip'] as const) {
  const topic = `bench-${compression}-${Date.now()}`;
  await log.createTopic({ name: topic, partitions: PARTITIONS, settings: { 'retention.ms': '-1' } });
  await measured(`append ${compression}`, records, () => append(log, topic, compression));
  await measured(`read ${compression}`, records, () => read(log, topic));
  await log.deleteTopic(topic);
}
