import { LensError } from '../../core/errors.ts';
import type { Position } from '../event-log.ts';
import type { KafkaCluster } from './cluster.ts';
import { topicOffsets } from './kafka-topics.ts';
import type { DivergingEpoch } from './protocol/fetch.ts';

/**
 * Compares positions with what the brokers hold. LOG_OFFSET_OUT_OF_RANGE tells position, low and end: records we should
 * have read are gone, or the log was cut or made anew. Going on elsewhere would lose records silently.
 */
export async function checkPositions(cluster: KafkaCluster, positions: readonly Position[]): Promise<void> {
  const names = [...new Set(positions.map(({ topic }) => topic))];
  const bounds = new Map(
    (await topicOffsets(cluster, names)).map((bound) => [`${bound.topic}/${bound.partition}`, bound]),
  );
  for (const { topic, partition, offset } of positions) {
    const place = `${topic}/${partition}@${offset}`;
    const bound = bounds.get(`${topic}/${partition}`);
    if (bound === undefined) {
      throw new LensError('LOG_OFFSET_OUT_OF_RANGE', `topic ${topic} has no partition ${partition}`, {
        place,
        hint: 'the topic was made anew with fewer partitions: rebuild with `lens run --full-refresh`',
      });
    }
    const { low, end } = bound;
    if (offset >= low && offset <= end) continue;
    const why =
      offset < low
        ? `the ${low - offset} records from ${offset} to ${low - 1} are no longer held`
        : `the log ends ${offset - end} before it, so it was cut or made anew`;
    throw new LensError(
      'LOG_OFFSET_OUT_OF_RANGE',
      `position ${offset} of ${topic}/${partition} is outside of the log (${low} to ${end}): ${why}`,
      {
        place,
        hint: 'rebuild from what the log still holds with `lens run --full-refresh`, or restore the topic',
        fields: { topic, partition, offset, low, end },
      },
    );
  }
}

/** The log lost its tail, perhaps with records that were read already, and others were written in its place. */
export function logWasCut(position: Position & { leaderEpoch: number }, diverging: DivergingEpoch): LensError {
  const { topic, partition, offset, leaderEpoch } = position;
  const { endOffset } = diverging;
  const read = `leader epoch ${leaderEpoch}, read to ${offset - 1}`;
  return new LensError(
    'LOG_OFFSET_OUT_OF_RANGE',
    `${topic}/${partition} was cut at ${endOffset} after it had been read to offset ${offset - 1}: the records from ` +
      `${endOffset} on are other ones now (${read}; in the log the epoch ends at ${endOffset})`,
    {
      place: `${topic}/${partition}@${offset}`,
      hint: 'a leader was elected that lacked records: rebuild with `lens run --full-refresh`, or restore the topic',
      fields: { topic, partition, offset, end: endOffset, leaderEpoch },
    },
  );
}
