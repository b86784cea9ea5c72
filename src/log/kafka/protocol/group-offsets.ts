import type { Position } from '../../event-log.ts';
import type { KafkaApi } from './api.ts';

export interface Coordinator {
  readonly errorCode: number;
  readonly message: string | null;
  readonly nodeId: number;
}

export const FIND_COORDINATOR: KafkaApi<string, Coordinator> = {
  name: 'FindCoordinator',
  key: 10,
  version: 2,
  flexible: false,
  encode(writer, group) {
    writer.string(group).int8(0); // key_type group
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return { errorCode: reader.int16(), message: reader.string(), nodeId: reader.int32() };
  },
};

/** Without a member: epoch -1 and an empty member id, as a consumer that assigns its partitions itself does. */
export const COMMIT_OFFSETS: KafkaApi<{ group: string; positions: readonly Position[] }, readonly number[]> = {
  name: 'OffsetCommit',
  key: 8,
  version: 7,
  flexible: false,
  encode(writer, { group, positions }) {
    writer.string(group).int32(-1).string('').string(null); // member epoch, member, group_instance_id
    writer.array([...Map.groupBy(positions, (position) => position.topic)], ([topic, parts]) => {
      writer.string(topic);
      // committed_leader_epoch, committed_metadata
      writer.array(parts, ({ partition, offset }) => writer.int32(partition).int64(offset).int32(-1).string(null));
    });
  },
  /** The error code of each partition. */
  decode(reader) {
    reader.int32(); // throttle_time_ms
    const codes = reader.array(() => {
      reader.string(); // topic
      return reader.array(() => {
        reader.int32(); // partition
        return reader.int16();
      });
    });
    return codes.flat();
  },
};

export interface GroupOffsets {
  readonly errorCode: number;
  readonly positions: readonly Position[];
}

/** Request: the group; all its topics are answered. */
export const FETCH_OFFSETS: KafkaApi<string, GroupOffsets> = {
  name: 'OffsetFetch',
  key: 9,
  version: 5,
  flexible: false,
  encode(writer, group) {
    writer.string(group).array(null, () => undefined);
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    const topics = reader.array(() => {
      const topic = reader.string() ?? '';
      return reader.array(() => {
        const position = { topic, partition: reader.int32(), offset: reader.int64() };
        reader.int32(); // committed_leader_epoch
        reader.string(); // metadata
        reader.int16(); // error_code: the topic's, only with broken storage; offset is -1 then
        return position;
      });
    });
    return { errorCode: reader.int16(), positions: topics.flat().filter(({ offset }) => offset >= 0) };
  },
};
