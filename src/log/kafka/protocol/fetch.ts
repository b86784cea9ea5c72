import type { AbortedTransaction } from '../../batch-reader.ts';
import type { KafkaApi } from './api.ts';
import { WireReader } from './wire.ts';

const DIVERGING_EPOCH_TAG = 0;

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** In the order in which the broker fills its answer. */
  readonly partitions: readonly FetchPartition[];
}

export interface FetchPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  /** Of the last batch before `offset`; -1 when unknown. */
  readonly leaderEpoch: number;
}

/** The leader's log ends this epoch, or the last one before it, at an offset before the one asked for: it was cut. */
export interface DivergingEpoch {
  readonly epoch: number;
  readonly endOffset: number;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Records below it are committed and replicated. */
  readonly lastStableOffset: number;
  readonly diverging: DivergingEpoch | null;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches as stored, the last one possibly cut; a view of the answer. */
  readonly records: Buffer | null;
}

/**
 * Read committed, without a fetch session. From version 13 on topics go by id, so a topic deleted and made again under
 * the same name is refused (UNKNOWN_TOPIC_ID) instead of read on. The epoch of the last batch read (KIP-595's
 * last_fetched_epoch) lets the leader say whether its log still holds what we read.
 */
export const FETCH: KafkaApi<FetchRequest, FetchResponse> = {
  name: 'Fetch',
  key: 1,
  version: 13,
  flexible: true,
  encode(writer, request) {
    writer.int32(-1).int32(request.maxWaitMs).int32(1).int32(request.maxBytes).int8(1); // replica, min_bytes 1, isolation
    writer.int32(0).int32(-1); // no session
    writer.compactArray(byTopic(request.partitions), (run) => {
      writer.raw(Buffer.from(run.topicId, 'base64url'));
      writer.compactArray(run.partitions, ({ partition, offset, leaderEpoch }) =>
        // current_leader_epoch, fetch_offset, last_fetched_epoch, log_start_offset, partition_max_bytes
        writer
          .int32(partition)
          .int32(-1)
          .int64(offset)
          .int32(leaderEpoch)
          .int64(-1)
          .int32(request.maxBytesPerPartition)
          .noTags(),
      );
      writer.noTags();
    });
    writer.compactArray([], () => undefined); // forgotten_topics_data
    writer.compactString('').noTags(); // rack_id
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    const errorCode = reader.int16();
    reader.int32(); // session_id
    const topics = reader.compactArray(() => {
      const topicId = reader.raw(16).toString('base64url');
      const partitions = reader.compactArray(() => {
        const partition = reader.int32();
        const errorCode = reader.int16();
        reader.int64(); // high_watermark
        const lastStableOffset = reader.int64();
        reader.int64(); // log_start_offset
        const aborted = reader.compactArray(() => {
          const transaction = { producerId: reader.bigint64(), firstOffset: reader.int64() };
          reader.skipTags();
          return transaction;
        });
        reader.int32(); // preferred_read_replica
        const size = reader.uvarint() - 1;
        const records = size > 0 ? reader.raw(size) : null;
        const tags = reader.tags();
        const diverging = divergingEpoch(tags.get(DIVERGING_EPOCH_TAG));
        return { topicId, partition, errorCode, lastStableOffset, diverging, aborted, records };
      });
      reader.skipTags();
      return partitions;
    });
    return { errorCode, partitions: topics.flat() };
  },
};

function divergingEpoch(bytes: Buffer | undefined): DivergingEpoch | null {
  if (bytes === undefined) return null;
  const reader = new WireReader(bytes);
  return { epoch: reader.int32(), endOffset: reader.int64() };
}

/** Runs of neighbours of one topic: the order of the partitions is kept, a topic may come twice. */
function byTopic(partitions: readonly FetchPartition[]): { topicId: string; partitions: FetchPartition[] }[] {
  const runs: { topicId: string; partitions: FetchPartition[] }[] = [];
  for (const partition of partitions) {
    const last = runs.at(-1);
    if (last?.topicId === partition.topicId) last.partitions.push(partition);
    else runs.push({ topicId: partition.topicId, partitions: [partition] });
  }
  return runs;
}
