import type { Position } from '../event-log.ts';
import type { KafkaCluster } from './cluster.ts';
import { missingTopic } from './kafka-topics.ts';
import { KafkaProtocolError, UNKNOWN_TOPIC_OR_PARTITION } from './protocol/error-codes.ts';
import { COMMIT_OFFSETS, FETCH_OFFSETS } from './protocol/group-offsets.ts';

/**
 * Publishes positions as the offsets of a consumer group without members, so that Kafka's own tools show our lag. Kafka
 * never reads them back for us: the checkpoint that counts is in the warehouse. Fails when the group has live members.
 */
export async function commitOffsets(
  cluster: KafkaCluster,
  group: string,
  positions: readonly Position[],
): Promise<void> {
  if (positions.length === 0) return;
  await cluster.patiently(`publish the checkpoint of group ${group}`, async () => {
    const codes = await cluster.call(await cluster.coordinator(group), COMMIT_OFFSETS, { group, positions });
    const code = codes.find((code) => code !== 0);
    if (code === UNKNOWN_TOPIC_OR_PARTITION) throw missingTopic([...new Set(positions.map(({ topic }) => topic))]);
    if (code !== undefined) throw new KafkaProtocolError(code, `group ${group}`);
  });
}

/** The group's offsets, by topic and partition. */
export async function fetchOffsets(cluster: KafkaCluster, group: string): Promise<Position[]> {
  return await cluster.patiently(`read the offsets of group ${group}`, async () => {
    const { errorCode, positions } = await cluster.call(await cluster.coordinator(group), FETCH_OFFSETS, group);
    if (errorCode !== 0) throw new KafkaProtocolError(errorCode, `group ${group}`);
    return [...positions].sort((a, b) =>
      a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
    );
  });
}
