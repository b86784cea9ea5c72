import type { StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LensError } from '../../core/errors.ts';
import { BatchBuilder } from '../batch-builder.ts';
import type { Compression, LogWriter, RecordOptions, WriteOptions } from '../event-log.ts';
import { checkTimestamp } from '../check-timestamp.ts';
import { partitionOf } from '../partitioner.ts';
import type { LogFile } from './log-file.ts';
import type { TopicStore } from './topic-store.ts';

/** A batch is closed at either bound; large rows are what makes reading fast. */
const BATCH_RECORDS = 5000;
const BATCH_BYTES = 256 * 1024;
/** `drain()` writes once this much is queued. */
const QUEUE_BYTES = 4 << 20;
/** A record waits no longer than this for company when nobody drains or flushes. */
const LINGER_MILLISECONDS = 10;

interface OpenTopic {
  readonly name: string;
  readonly topicId: number;
  readonly builders: BatchBuilder[];
  readonly compacted: boolean;
  /** Where records without a key go until that batch is closed. */
  sticky: number;
}

interface ClosedBatch {
  readonly topic: OpenTopic;
  readonly partition: number;
  readonly count: number;
  readonly body: Uint8Array;
}

/** Queues records in batches per partition; a write appends all queued batches in one transaction, all or none. */
export class EmbeddedWriter implements LogWriter {
  readonly #file: LogFile;
  readonly #topics: TopicStore;
  readonly #compression: Compression;
  readonly #open = new Map<string, OpenTopic>();
  readonly #claim: StatementSync;
  readonly #append: StatementSync;
  #closed: ClosedBatch[] = [];
  #queuedBytes = 0;
  #linger: NodeJS.Timeout | undefined;
  #failure: unknown;
  #disposed = false;

  readonly #onClose: (writer: EmbeddedWriter) => void;

  constructor(file: LogFile, topics: TopicStore, options: WriteOptions, onClose: (writer: EmbeddedWriter) => void) {
    this.#onClose = onClose;
    this.#file = file;
    this.#topics = topics;
    this.#compression = options.compression ?? 'none';
    this.#claim = file.database.prepare(
      'update partitions set "end" = "end" + ? where topic_id = ? and partition = ? returning "end"',
    );
    this.#append = file.database.prepare(
      'insert into batches (topic_id, partition, base_offset, last_offset, body) values (?, ?, ?, ?, ?)',
    );
  }

  add(topic: string, key: Uint8Array | null, value: Uint8Array | null, options?: RecordOptions): void {
    if (this.#disposed) throw new LensError('INTERNAL', 'a record was added to a closed writer');
    checkTimestamp(topic, options?.timestamp);
    const open = this.#open.get(topic) ?? this.#openTopic(topic);
    if (key === null && open.compacted) throw failed(topic, 'is compacted: a record without a key is refused');
    const partition = options?.partition ?? (key === null ? open.sticky : partitionOf(key, open.builders.length));
    if (partition >= open.builders.length) this.#addPartitions(open);
    const builder = open.builders[partition];
    if (builder === undefined) throw failed(topic, `has no partition ${partition}`);
    const before = builder.size;
    builder.add(key, value, options?.timestamp ?? Date.now(), options?.headers);
    this.#queuedBytes += builder.size - before;
    if (builder.count >= BATCH_RECORDS || builder.size >= BATCH_BYTES) this.#close(open, partition, builder);
    this.#linger ??= setTimeout(() => this.#writeInBackground(), LINGER_MILLISECONDS);
  }

  async drain(): Promise<void> {
    this.#throwFailure();
    if (this.#queuedBytes < QUEUE_BYTES) return;
    this.#writeAll();
    await nextTurn();
  }

  async flush(): Promise<void> {
    this.#throwFailure();
    this.#writeAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#onClose(this);
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#linger);
    }
  }

  #openTopic(name: string): OpenTopic {
    const { topicId, description } = this.#topics.get(name);
    const builders = Array.from({ length: description.partitions }, () => new BatchBuilder(this.#compression));
    const compacted = description.settings.get('cleanup.policy')?.includes('compact') ?? false;
    const open = { name, topicId, builders, compacted, sticky: 0 };
    this.#open.set(name, open);
    return open;
  }

  /** Makes partitions known that were added to the topic since it was opened. */
  #addPartitions(open: OpenTopic): void {
    const partitions = this.#topics.partitions(open.topicId);
    while (open.builders.length < partitions) open.builders.push(new BatchBuilder(this.#compression));
  }

  #close(topic: OpenTopic, partition: number, builder: BatchBuilder): void {
    const { count } = builder;
    this.#closed.push({ topic, partition, count, body: builder.finish() });
    if (topic.sticky === partition) topic.sticky = (partition + 1) % topic.builders.length;
  }

  #writeInBackground(): void {
    try {
      this.#writeAll();
    } catch (error) {
      this.#failure = error; // the next drain or flush throws it
    }
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Appends everything queued. When that fails nothing was written and all stays queued, so a later flush tries again. */
  #writeAll(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    for (const topic of this.#open.values()) {
      for (const [partition, builder] of topic.builders.entries()) {
        if (builder.count > 0) this.#close(topic, partition, builder);
      }
    }
    if (this.#closed.length === 0) return;
    this.#file.writing('LOG_APPEND_FAILED', () => {
      for (const batch of this.#closed) this.#appendBatch(batch);
    });
    this.#closed = [];
    this.#queuedBytes = 0;
    // Records with keys go to all partitions there are.
    for (const topic of this.#open.values()) this.#addPartitions(topic);
  }

  #appendBatch({ topic, partition, count, body }: ClosedBatch): void {
    const row = this.#claim.get(count, topic.topicId, partition) as { end: number } | undefined;
    if (row === undefined) throw this.#topics.gone(topic.name);
    const base = row.end - count;
    // The offset lies outside the checked part of a batch, as on a broker: it is known only now.
    new DataView(body.buffer, body.byteOffset, 8).setBigInt64(0, BigInt(base));
    this.#append.run(topic.topicId, partition, base, row.end - 1, body);
  }
}

function failed(topic: string, problem: string): LensError {
  return new LensError('LOG_APPEND_FAILED', `topic ${topic} ${problem}`, { place: topic });
}
