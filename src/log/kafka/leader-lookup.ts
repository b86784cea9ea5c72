import { LensError } from '../../core/errors.ts';
import type { KafkaCluster } from './cluster.ts';
import { missingTopic } from './kafka-topics.ts';
import type { PartitionCursor } from './partition-cursor.ts';
import { isStale, KafkaProtocolError, UNKNOWN_TOPIC_OR_PARTITION } from './protocol/error-codes.ts';

/** A deleted topic is waited for this long: a broker that starts may not know its topics yet. */
const MISSING_GRACE_MS = 5_000;

/** Tells a reader's cursors who leads their partitions, and notices topics that are gone or other ones now. */
export class LeaderLookup {
  readonly #cluster: KafkaCluster;
  #missingSince: number | null = null;

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  /** One try. LOG_TOPIC_RECREATED, LOG_TOPIC_MISSING after a grace; what {@link KafkaCluster.call} throws otherwise. */
  async learn(cursors: readonly PartitionCursor[]): Promise<void> {
    const names = [...new Set(cursors.map(({ topic }) => topic))];
    const { topics } = await this.#cluster.metadata(names);
    const refused = topics.find(({ errorCode }) => errorCode !== 0 && !isStale(errorCode));
    if (refused !== undefined) throw new KafkaProtocolError(refused.errorCode, refused.name);
    const there = topics.filter(({ errorCode }) => errorCode !== UNKNOWN_TOPIC_OR_PARTITION);
    const byName = new Map(there.map((topic) => [topic.name, topic]));
    for (const cursor of cursors) {
      const found = byName.get(cursor.topic);
      if (found !== undefined && found.errorCode === 0 && found.id !== cursor.topicId)
        throw recreated(cursor, found.id);
      cursor.leader = found?.partitions.find(({ partition }) => partition === cursor.partition)?.leader ?? -1;
    }
    this.#noteMissing(names.filter((name) => !byName.has(name)));
  }

  #noteMissing(names: readonly string[]): void {
    if (names.length === 0) {
      this.#missingSince = null;
      return;
    }
    this.#missingSince ??= Date.now();
    if (Date.now() - this.#missingSince > MISSING_GRACE_MS) throw missingTopic(names);
  }
}

function recreated({ topic, topicId, partition, offset }: PartitionCursor, id: string): LensError {
  return new LensError(
    'LOG_TOPIC_RECREATED',
    `topic ${topic} was deleted and made again while it was read (id ${topicId}, now ${id})`,
    {
      place: `${topic}/${partition}@${offset}`,
      hint: 'its records are other ones now: rebuild with `lens run --full-refresh`',
    },
  );
}
