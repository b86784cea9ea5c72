import type {
  EventLog,
  LogReader,
  LogWriter,
  PartitionOffsets,
  Position,
  ReadOptions,
  TopicDescription,
  TopicSpec,
  WriteOptions,
} from '../event-log.ts';
import { disposeAll } from '../dispose-all.ts';
import { KafkaCluster } from './cluster.ts';
import { commitOffsets, fetchOffsets } from './group-offsets.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { KafkaReader } from './kafka-reader.ts';
import { alterTopic, createTopic, deleteTopic, describeTopics, topicOffsets } from './kafka-topics.ts';
import { KafkaWriter } from './kafka-writer.ts';

/** The log on Apache Kafka 3.1 or newer. Connects on the first call; CONFIG_INVALID for addresses that are none. */
export function openKafkaLog(options: KafkaOptions): EventLog {
  return new KafkaLog(options);
}

class KafkaLog implements EventLog {
  readonly kind = 'kafka';
  readonly description: string;
  readonly #cluster: KafkaCluster;
  readonly #open = new Set<AsyncDisposable>();

  constructor(options: KafkaOptions) {
    this.#cluster = new KafkaCluster(options);
    this.description = `Kafka at ${options.brokers.join(',')}`;
  }

  topics(names?: readonly string[]): Promise<Map<string, TopicDescription>> {
    return describeTopics(this.#cluster, names);
  }

  createTopic(spec: TopicSpec): Promise<void> {
    return createTopic(this.#cluster, spec);
  }

  alterTopic(spec: TopicSpec): Promise<void> {
    return alterTopic(this.#cluster, spec);
  }

  deleteTopic(name: string): Promise<void> {
    return deleteTopic(this.#cluster, name);
  }

  offsets(topics: readonly string[]): Promise<PartitionOffsets[]> {
    return topicOffsets(this.#cluster, topics);
  }

  async read(from: readonly Position[], options: ReadOptions = {}): Promise<LogReader> {
    return this.#owned(await KafkaReader.open(this.#cluster, from, options, (reader) => this.#open.delete(reader)));
  }

  async write(options: WriteOptions = {}): Promise<LogWriter> {
    return this.#owned(await KafkaWriter.open(this.#cluster, options, (writer) => this.#open.delete(writer)));
  }

  publishCheckpoint(group: string, positions: readonly Position[]): Promise<void> {
    return commitOffsets(this.#cluster, group, positions);
  }

  publishedCheckpoint(group: string): Promise<Position[]> {
    return fetchOffsets(this.#cluster, group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await disposeAll(this.#open);
    } finally {
      this.#cluster.close();
    }
  }

  #owned<T extends AsyncDisposable>(part: T): T {
    this.#open.add(part);
    return part;
  }
}
