import type { RecordBlock } from './record-block.ts';

/**
 * The boundary to the stream. Two implementations (`embedded/`, `kafka/`) pass one conformance suite
 * (`test/log/conformance.ts`). Offsets are plain numbers (exact to 2^53), partitions start at 0.
 *
 * Callers: the materializer reads and publishes its checkpoint, ingest appends, the CLI does topics, produce, consume, lag.
 */
export interface EventLog extends AsyncDisposable {
  readonly kind: 'embedded' | 'kafka';
  /** For people: `embedded log .lens/log.sqlite`, `Kafka at 127.0.0.1:9092`. */
  readonly description: string;

  /**
   * Those of the named topics that are there; LOG_ACCESS_DENIED when this user may not see one. Without names all that
   * the user may see, Kafka's internal ones left out, and without settings where those are not for this user.
   */
  topics(names?: readonly string[]): Promise<Map<string, TopicDescription>>;
  /** Creates a topic; resolves when it can be written. LOG_TOPIC_MISMATCH when it is there already. */
  createTopic(spec: TopicSpec): Promise<void>;
  /** Changes settings of a topic (others stay as they are) and may add partitions (never fewer: LOG_TOPIC_MISMATCH). */
  alterTopic(spec: TopicSpec): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  /** Low and end offset of each partition, by topic, partition ascending. LOG_TOPIC_MISSING for a topic that is not there. */
  offsets(topics: readonly string[]): Promise<PartitionOffsets[]>;

  /**
   * Reads on from exact positions; no group, no commit. Before the first block it compares every position with the
   * partition's low and end offset: outside of them is LOG_OFFSET_OUT_OF_RANGE with the numbers (also later, when the
   * log is truncated under the reader), never a silent reset. Only committed records are delivered.
   */
  read(from: readonly Position[], options?: ReadOptions): Promise<LogReader>;
  /** Opens a writer. Records of one partition keep their order; no record is lost or doubled by a retry of our own. */
  write(options?: WriteOptions): Promise<LogWriter>;
  /** Tells lag tools where we are (Kafka: the group's offsets; embedded: a table). Best effort, after the warehouse commit. */
  publishCheckpoint(group: string, positions: readonly Position[]): Promise<void>;
  /** What was last published for the group, for tools. */
  publishedCheckpoint(group: string): Promise<Position[]>;
}

/** What a replay needs of a log. */
export type LogReading = Pick<EventLog, 'topics' | 'offsets' | 'read'>;

export interface TopicDescription {
  readonly name: string;
  /** Differs after a topic was deleted and made again under the same name. */
  readonly id: string;
  readonly partitions: number;
  /** Settings in Kafka's names (cleanup.policy, retention.ms, ...), as strings. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
  /**
   * The leader epoch of the last batch before `offset`, as its block told; left out when unknown. By it a log is refused
   * that lost records already read and grew past them again (LOG_OFFSET_OUT_OF_RANGE).
   */
  readonly leaderEpoch?: number | undefined;
}

export interface PartitionOffsets {
  readonly topic: string;
  readonly partition: number;
  /** The earliest offset still held. */
  readonly low: number;
  /** The offset after the last committed record. */
  readonly end: number;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Upper bound on one block's bytes per partition as read from the log (default 1 MiB); a larger record still comes whole. */
  readonly maxBytesPerPartition?: number;
}

export interface LogReader extends AsyncDisposable {
  /**
   * The next block (its arrays are reused: valid until the next call), or null when nothing came within `waitMs`
   * milliseconds or the signal was aborted. Partitions take turns; no partition starves. A broker that goes away is
   * waited for; errors that waiting cannot mend are thrown.
   */
  next(waitMs: number): Promise<RecordBlock | null>;
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface WriteOptions {
  readonly compression?: Compression;
  /** Once aborted, `drain`, `flush` and disposing wait 2 s at most for a log that is away, and then throw LOG_APPEND_FAILED. */
  readonly signal?: AbortSignal | undefined;
}

export interface RecordOptions {
  /** Default: murmur2 of the key as Kafka's own clients do; round robin for null keys. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970; default now. */
  readonly timestamp?: number | undefined;
  readonly headers?: readonly (readonly [string, Uint8Array])[] | undefined;
}

export interface LogWriter extends AsyncDisposable {
  /** Queues a record (bytes are copied). Call `drain()` now and then: it resolves at once unless much is queued. */
  add(topic: string, key: Uint8Array | null, value: Uint8Array | null, options?: RecordOptions): void;
  /** Resolves when the queue is below its bound. Throws LOG_APPEND_FAILED when records could not be written. */
  drain(): Promise<void>;
  /** Resolves when every record added so far is durable. Disposing flushes too, and throws a failure not thrown before. */
  flush(): Promise<void>;
}
