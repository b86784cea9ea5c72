import { LensError } from '../../core/errors.ts';
import { checkTimestamp } from '../check-timestamp.ts';
import type { Compression, RecordOptions } from '../event-log.ts';
import { partitionOf } from '../partitioner.ts';
import { LinkError } from './broker-link.ts';
import type { KafkaCluster } from './cluster.ts';
import { missingTopic } from './kafka-topics.ts';
import { PendingBatches } from './pending-batches.ts';
import {
  isStale,
  KafkaProtocolError,
  LEADER_NOT_AVAILABLE,
  UNKNOWN_TOPIC_OR_PARTITION,
} from './protocol/error-codes.ts';
import type { ProducerIdentity } from './protocol/produce.ts';

const MISSING_GRACE_MS = 5_000;
/** What a record counts for beside its bytes, so that an empty one counts too. */
const EARLY_OVERHEAD = 32;

/** A record for a topic whose partitions are not known yet. */
interface EarlyRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly options: RecordOptions;
}

interface TopicTarget {
  /** Null until learned. */
  id: string | null;
  /** Node ids by partition, -1 where there is no leader; empty until learned. */
  leaders: readonly number[];
  /** By partition, made when first written to. */
  readonly partitions: PendingBatches[];
  /** Where the next record without a key goes. */
  turn: number;
  early: EarlyRecord[] | null;
}

/** The topics a writer writes to: which partition a record belongs to, who leads it, and what waits for it. */
export class WriteTargets {
  readonly #cluster: KafkaCluster;
  readonly #compression: Compression;
  readonly #identity: ProducerIdentity;
  readonly #topics = new Map<string, TopicTarget>();
  #missingSince: number | null = null;
  /** Bytes added and not yet acknowledged. */
  queuedBytes = 0;
  /** Topics with records whose partitions are not known yet. */
  unknownTopics = 0;

  constructor(cluster: KafkaCluster, compression: Compression, identity: ProducerIdentity) {
    this.#cluster = cluster;
    this.#compression = compression;
    this.#identity = identity;
  }

  /** Queues a record. `unknown`: call {@link learn} first; `sealed`: a batch became full by it. */
  add(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    options: RecordOptions,
  ): 'unknown' | 'sealed' | 'open' {
    checkTimestamp(topic, options.timestamp);
    let target = this.#topics.get(topic);
    if (target === undefined) {
      target = { id: null, leaders: [], partitions: [], turn: 0, early: [] };
      this.#topics.set(topic, target);
      this.unknownTopics++;
    }
    if (target.early === null) return this.#route(topic, target, key, value, options);
    target.early.push({
      key: key && new Uint8Array(key),
      value: value && new Uint8Array(value),
      options: { timestamp: Date.now(), ...options },
    });
    this.queuedBytes += earlySize(key, value);
    return 'unknown';
  }

  /** All partitions ever written to, with the node id of their leader (-1: none). */
  *partitions(): Generator<{ pending: PendingBatches; leader: number }> {
    for (const { leaders, partitions } of this.#topics.values()) {
      // A sparse array: partitions not written to are holes
      for (const pending of partitions)
        if (pending !== undefined) yield { pending, leader: leaders[pending.partition] ?? -1 };
    }
  }

  /** Asks for partitions and leaders of all topics, one try. LinkError while there is no answer. */
  async learn(): Promise<void> {
    const names = [...this.#topics.keys()];
    const { topics } = await this.#cluster.metadata(names);
    const there = topics.filter(({ errorCode }) => errorCode !== UNKNOWN_TOPIC_OR_PARTITION);
    for (const { name, id, errorCode, partitions } of there) {
      const target = this.#topics.get(name);
      if (target === undefined) continue;
      if (errorCode !== 0 && !isStale(errorCode)) throw new KafkaProtocolError(errorCode, name);
      if (errorCode === 0) {
        if (target.id !== null && target.id !== id) throw recreated(name, target.id, id);
        target.id = id;
      }
      target.leaders = partitions.map(({ leader }) => leader);
      if (partitions.length === 0) throw new KafkaProtocolError(LEADER_NOT_AVAILABLE, name);
      if (target.early !== null) this.#routeEarly(name, target, target.early);
    }
    this.#noteMissing(names.filter((name) => !there.some((topic) => topic.name === name)));
  }

  #route(
    topic: string,
    target: TopicTarget,
    key: Uint8Array | null,
    value: Uint8Array | null,
    options: RecordOptions,
  ): 'sealed' | 'open' {
    const count = target.leaders.length;
    const partition = options.partition ?? (key === null ? target.turn++ % count : partitionOf(key, count));
    if (!Number.isInteger(partition) || partition < 0 || partition >= count) {
      throw new LensError('LOG_APPEND_FAILED', `topic ${topic} has no partition ${partition}`, {
        place: `${topic}/${partition}`,
        hint: `its partitions are 0 to ${count - 1}`,
      });
    }
    const pending = (target.partitions[partition] ??= new PendingBatches(
      topic,
      partition,
      this.#compression,
      this.#identity,
    ));
    const sealedBefore = pending.sealed.length;
    this.queuedBytes += pending.add(key, value, options.timestamp ?? Date.now(), options.headers);
    return pending.sealed.length > sealedBefore ? 'sealed' : 'open';
  }

  #routeEarly(topic: string, target: TopicTarget, early: readonly EarlyRecord[]): void {
    target.early = null;
    this.unknownTopics--;
    for (const { key, value, options } of early) {
      this.queuedBytes -= earlySize(key, value);
      this.#route(topic, target, key, value, options);
    }
  }

  /** A topic just made may not be known to every broker yet. */
  #noteMissing(names: readonly string[]): void {
    if (names.length === 0) {
      this.#missingSince = null;
      return;
    }
    this.#missingSince ??= Date.now();
    if (Date.now() - this.#missingSince > MISSING_GRACE_MS) throw missingTopic(names);
    throw new LinkError(`not there: ${names.join(', ')}`, undefined, false);
  }
}

function recreated(topic: string, id: string, now: string): LensError {
  return new LensError(
    'LOG_TOPIC_RECREATED',
    `topic ${topic} was deleted and made again while it was written to (id ${id}, now ${now})`,
    { place: topic, hint: 'records written before may be gone with the old topic: publish them again' },
  );
}

function earlySize(key: Uint8Array | null, value: Uint8Array | null): number {
  return EARLY_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
}
