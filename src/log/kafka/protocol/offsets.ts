import type { KafkaApi } from './api.ts';

/** The earliest offset still held. */
export const EARLIEST = -2;
/** The offset after the last committed record (the request reads committed). */
export const LATEST = -1;

export interface ListOffsetsRequest {
  readonly timestamp: typeof EARLIEST | typeof LATEST;
  readonly topics: readonly TopicPartitions[];
}

export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface ListedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: number;
}

export const LIST_OFFSETS: KafkaApi<ListOffsetsRequest, readonly ListedOffset[]> = {
  name: 'ListOffsets',
  key: 2,
  version: 5,
  flexible: false,
  encode(writer, { timestamp, topics }) {
    writer.int32(-1).int8(1); // replica_id, isolation_level read committed
    writer.array(topics, ({ topic, partitions }) => {
      writer.string(topic);
      writer.array(partitions, (partition) => writer.int32(partition).int32(-1).int64(timestamp));
    });
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    const topics = reader.array(() => {
      const topic = reader.string() ?? '';
      return reader.array(() => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        reader.int64(); // timestamp
        const offset = reader.int64();
        reader.int32(); // leader_epoch
        return { topic, partition, errorCode, offset };
      });
    });
    return topics.flat();
  },
};
