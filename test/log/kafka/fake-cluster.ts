import { setTimeout as sleep } from 'node:timers/promises';
import { BatchBuilder } from '../../../src/log/batch-builder.ts';
import type { KafkaCluster } from '../../../src/log/kafka/cluster.ts';
import type { KafkaApi } from '../../../src/log/kafka/protocol/api.ts';
import type { FetchRequest } from '../../../src/log/kafka/protocol/fetch.ts';
import type { ListOffsetsRequest } from '../../../src/log/kafka/protocol/offsets.ts';
import type { ProduceRequest } from '../../../src/log/kafka/protocol/produce.ts';

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

/**
 * What no single broker can be brought to: topic `t`, of which partition 0 is led by broker 1, which always has one more
 * record and takes every batch, while partition 1 has no leader.
 */
export class FakeCluster {
  topicId = TOPIC_ID;
  /** Batches taken for partition 0. */
  taken = 0;
  readonly closed = false;
  readonly options = { brokers: ['fake:1'] };

  /** As the parts of the Kafka log take it. */
  get cluster(): KafkaCluster {
    return this as unknown as KafkaCluster;
  }

  patiently<T>(_: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  failure(_: string, error: unknown): unknown {
    return error;
  }

  closeLane(): void {}

  async metadata() {
    const partitions = [
      { partition: 0, leader: 1 },
      { partition: 1, leader: -1 },
    ];
    return { brokers: [], controllerId: 1, topics: [{ errorCode: 0, name: 't', id: this.topicId, partitions }] };
  }

  async call(_: number, api: KafkaApi<unknown, unknown>, request: unknown): Promise<unknown> {
    await sleep(2);
    switch (api.name) {
      case 'InitProducerId':
        return { errorCode: 0, producerId: 1n, producerEpoch: 0 };
      case 'ListOffsets': {
        const offset = (request as ListOffsetsRequest).timestamp === -2 ? 0 : 1_000_000;
        return [0, 1].map((partition) => ({ topic: 't', partition, errorCode: 0, offset }));
      }
      case 'Produce': {
        const { batches } = request as ProduceRequest;
        this.taken += batches.length;
        return batches.map(({ topic, partition }) => ({ topic, partition, errorCode: 0, message: null }));
      }
      default:
        return { errorCode: 0, partitions: [nextRecord(request as FetchRequest)] };
    }
  }
}

function nextRecord({ partitions }: FetchRequest) {
  const baseOffset = partitions[0]?.offset ?? 0;
  const builder = new BatchBuilder('none');
  builder.add(null, Buffer.from('v'), 1);
  const records = Buffer.from(builder.finish({ baseOffset }));
  const state = { errorCode: 0, lastStableOffset: baseOffset + 1, diverging: null, aborted: [] };
  return { topicId: TOPIC_ID, partition: 0, ...state, records };
}
