import type { KafkaApi } from './api.ts';

export interface ProduceRequest {
  readonly timeoutMs: number;
  /** One record batch per partition. */
  readonly batches: readonly { readonly topic: string; readonly partition: number; readonly bytes: Uint8Array }[];
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly message: string | null;
}

/** acks = all, no transaction. */
export const PRODUCE: KafkaApi<ProduceRequest, readonly ProducedPartition[]> = {
  name: 'Produce',
  key: 0,
  version: 8,
  flexible: false,
  throttleLast: true,
  encode(writer, { timeoutMs, batches }) {
    writer.string(null).int16(-1).int32(timeoutMs); // transactional_id, acks
    const topics = Map.groupBy(batches, (batch) => batch.topic);
    writer.array([...topics], ([topic, parts]) => {
      writer.string(topic);
      writer.array(parts, ({ partition, bytes }) => writer.int32(partition).int32(bytes.length).raw(bytes));
    });
  },
  decode(reader) {
    const topics = reader.array(() => {
      const topic = reader.string() ?? '';
      return reader.array(() => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        for (let field = 0; field < 3; field++) reader.int64(); // base_offset, log_append_time, log_start_offset
        const messages = reader.array(() => {
          reader.int32(); // batch_index
          return reader.string();
        });
        const message = reader.string() ?? messages.find((text) => text !== null) ?? null;
        return { topic, partition, errorCode, message };
      });
    });
    return topics.flat();
  },
};

export interface ProducerIdentity {
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** An identity of its own for an idempotent, not transactional producer. */
export const INIT_PRODUCER_ID: KafkaApi<null, ProducerIdentity> = {
  name: 'InitProducerId',
  key: 22,
  version: 1,
  flexible: false,
  encode(writer) {
    writer.string(null).int32(0x7fffffff); // transactional_id, transaction_timeout_ms (unused without a transaction)
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return { errorCode: reader.int16(), producerId: reader.bigint64(), producerEpoch: reader.int16() };
  },
};
