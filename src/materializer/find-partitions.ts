import { LensError } from '../core/errors.ts';
import type { LogReading, PartitionOffsets } from '../log/event-log.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { addPartitions } from './checkpoint.ts';
import { positions } from './checkpoint-publisher.ts';
import type { Edition } from './edition.ts';
import type { LiveEdition } from './live-edition.ts';

interface PartitionSearch {
  readonly log: LogReading;
  readonly catalog: TopicCatalog;
}

/**
 * Compares the checkpoint with the log: a topic made anew under its old name is LOG_TOPIC_RECREATED, a missing one
 * LOG_TOPIC_MISSING; partitions seen for the first time enter the checkpoint at their low offset.
 */
export async function findPartitions(
  edition: Edition,
  { log, catalog, exclusive }: PartitionSearch & { exclusive: <T>(work: () => Promise<T>) => Promise<T> },
): Promise<PartitionOffsets[]> {
  const names = catalog.contracts.map((contract) => contract.name);
  const described = await log.topics(names);
  const known = await edition.checkpoint();
  for (const { topic, topicId, nextOffset } of known) {
    const now = described.get(topic);
    if (now !== undefined && now.id !== topicId) throw recreated(topic, nextOffset);
  }
  const offsets = await log.offsets(names);
  const fresh = offsets.filter((o) => !known.some((k) => k.topic === o.topic && k.partition === o.partition));
  if (fresh.length > 0) {
    await exclusive(() =>
      edition.write((connection) =>
        addPartitions(
          connection,
          fresh.map(({ topic, partition, low }) => {
            const topicId = described.get(topic)?.id ?? '';
            return { topic, partition, nextOffset: low, firstOffset: low, topicId, leaderEpoch: null };
          }),
        ),
      ),
    );
  }
  return offsets;
}

/** LOG_TOPIC_RECREATED. */
export function recreated(topic: string, nextOffset: number): LensError {
  return new LensError(
    'LOG_TOPIC_RECREATED',
    `topic ${topic} was deleted and made again: the checkpoint (offset ${nextOffset}) belongs to the old one`,
    {
      place: topic,
      hint: 'lens run --full-refresh --allow-data-loss rebuilds the warehouse from the topics as they are',
    },
  );
}

/**
 * Whether the log has partitions that the checkpoint does not know yet: a reader has to start anew to see them. False at
 * once when aborted, however long the log takes.
 */
export async function hasNewPartitions(
  { log, catalog }: PartitionSearch,
  live: LiveEdition,
  signal: AbortSignal,
): Promise<boolean> {
  const stopped = Promise.withResolvers<null>();
  const stop = (): void => stopped.resolve(null);
  signal.addEventListener('abort', stop);
  try {
    const names = catalog.contracts.map((contract) => contract.name);
    const described = await Promise.race([log.topics(names), stopped.promise]);
    if (described === null) return false;
    const known = await live.read(positions);
    return catalog.contracts.some(({ name }) => {
      const partitions = described.get(name)?.partitions ?? 0;
      return partitions > known.filter((entry) => entry.topic === name).length;
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
