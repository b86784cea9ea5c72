import type { KafkaApi } from './api.ts';

export interface MetadataResponse {
  readonly brokers: readonly BrokerAddress[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly name: string;
  /** 16 bytes in URL-safe base64, as Kafka's tools print it. */
  readonly id: string;
  readonly internal: boolean;
  /** Ascending by partition. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partition: number;
  /** Node id, -1 while there is none. */
  readonly leader: number;
}

/** Request: topic names, or null for all topics. Never creates a topic. */
export const METADATA: KafkaApi<readonly string[] | null, MetadataResponse> = {
  name: 'Metadata',
  key: 3,
  version: 12,
  flexible: true,
  encode(writer, topics) {
    // topics => topic_id name, allow_auto_topic_creation, include_topic_authorized_operations
    writer.compactArray(topics, (name) => writer.raw(new Uint8Array(16)).compactString(name).noTags());
    writer.boolean(false).boolean(false).noTags();
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    const brokers = reader.compactArray(() => {
      const nodeId = reader.int32();
      const host = reader.compactString() ?? '';
      const port = reader.int32();
      reader.compactString(); // rack
      reader.skipTags();
      return { nodeId, host, port };
    });
    const clusterId = reader.compactString();
    const controllerId = reader.int32();
    const topics = reader.compactArray(() => {
      const errorCode = reader.int16();
      const name = reader.compactString() ?? '';
      const id = reader.raw(16).toString('base64url');
      const internal = reader.boolean();
      const partitions = reader.compactArray(() => {
        reader.int16(); // error_code: a partition without a leader says so by leader -1
        const partition = reader.int32();
        const leader = reader.int32();
        reader.int32(); // leader_epoch
        for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32()); // replicas, in sync, offline
        reader.skipTags();
        return { partition, leader };
      });
      reader.int32(); // topic_authorized_operations
      reader.skipTags();
      return { errorCode, name, id, internal, partitions: partitions.sort((a, b) => a.partition - b.partition) };
    });
    return { brokers, clusterId, controllerId, topics };
  },
};
