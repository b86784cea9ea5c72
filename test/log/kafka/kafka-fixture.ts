import { Kafka, logLevel } from 'kafkajs';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import type { LogFixture } from '../log-fixture.ts';

/** kafkajs as an independent client: what others would write and see. */
export function otherClient(brokers: string[]): Kafka {
  return new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, retries: 30 } });
}

export async function kafkaFixture(brokers: string[]): Promise<LogFixture> {
  const log = openKafkaLog({ brokers });
  return {
    log,
    freshLog: () => openKafkaLog({ brokers }),
    deleteRecordsBefore: async (topic, partition, offset) => {
      const admin = otherClient(brokers).admin();
      await admin.connect();
      try {
        await admin.fetchTopicOffsets(topic); // kafkajs deletes only in topics whose metadata it has loaded
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
      } finally {
        await admin.disconnect();
      }
    },
    [Symbol.asyncDispose]: async () => await log[Symbol.asyncDispose](),
  };
}
