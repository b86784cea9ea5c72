import type { EventLog, LogReader, LogWriter, PartitionOffsets, Position } from '../event-log.ts';
import type { ReadOptions, TopicDescription, TopicSpec, WriteOptions } from '../event-log.ts';
import { disposeAll } from '../dispose-all.ts';
import { outOfRange } from './out-of-range.ts';
import { EmbeddedReader } from './embedded-reader.ts';
import { EmbeddedWriter } from './embedded-writer.ts';
import { LogFile } from './log-file.ts';
import { TopicStore } from './topic-store.ts';

/**
 * Opens the log in one SQLite file (made when it is not there); several processes may use it at once. It keeps every
 * record: `retention.ms` and `cleanup.policy` are stored and shown but not enforced, which Kafka's contract allows
 * (compaction may happen at any later time).
 *
 * @throws LOG_UNREACHABLE, LOG_CORRUPT
 */
export function openEmbeddedLog(file: string): EmbeddedLog {
  return new EmbeddedLog(file);
}

export class EmbeddedLog implements EventLog {
  readonly kind = 'embedded';
  readonly description: string;
  readonly #file: LogFile;
  readonly #topics: TopicStore;
  readonly #writers = new Set<EmbeddedWriter>();

  constructor(path: string) {
    this.description = `embedded log ${path}`;
    this.#file = new LogFile(path);
    this.#topics = new TopicStore(this.#file);
  }

  async topics(names?: readonly string[]): Promise<Map<string, TopicDescription>> {
    const all = this.#topics.all();
    return names === undefined ? all : new Map([...all].filter(([name]) => names.includes(name)));
  }

  async createTopic(spec: TopicSpec): Promise<void> {
    this.#topics.create(spec);
  }

  async alterTopic(spec: TopicSpec): Promise<void> {
    this.#topics.alter(spec);
  }

  async deleteTopic(name: string): Promise<void> {
    this.#topics.delete(name);
  }

  async offsets(topics: readonly string[]): Promise<PartitionOffsets[]> {
    return this.#file.reading(() => topics.flatMap((topic) => this.#topics.offsets(topic)));
  }

  async read(from: readonly Position[], options: ReadOptions = {}): Promise<LogReader> {
    return new EmbeddedReader(this.#file, this.#topics, from, options);
  }

  async write(options: WriteOptions = {}): Promise<LogWriter> {
    const writer = new EmbeddedWriter(this.#file, this.#topics, options, (closed) => this.#writers.delete(closed));
    this.#writers.add(writer);
    return writer;
  }

  async publishCheckpoint(group: string, positions: readonly Position[]): Promise<void> {
    this.#file.writing('LOG_UNREACHABLE', () => {
      const publish = this.#file.database.prepare('insert or replace into published_checkpoints values (?, ?, ?, ?)');
      for (const { topic, partition, offset } of positions) publish.run(group, topic, partition, offset);
    });
  }

  async publishedCheckpoint(group: string): Promise<Position[]> {
    const query =
      'select topic, partition, next_offset as "offset" from published_checkpoints where group_name = ? order by topic, partition';
    const rows = this.#file.guarded('LOG_UNREACHABLE', () => this.#file.database.prepare(query).all(group));
    return (rows as unknown as Position[]).map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  /** Deletes the records before `offset`, as Kafka's DeleteRecords does: the low offset is `offset` afterwards. */
  async deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void> {
    this.#file.writing('LOG_UNREACHABLE', () => {
      const { topicId } = this.#topics.get(topic);
      const bounds = this.#topics.bounds(topicId, partition);
      if (bounds === undefined || offset > bounds.end) {
        throw outOfRange({ topic, partition, offset }, bounds?.low ?? 0, bounds?.end ?? 0);
      }
      const { database } = this.#file;
      database
        .prepare('delete from batches where topic_id = ? and partition = ? and last_offset < ?')
        .run(topicId, partition, offset);
      database
        .prepare('update partitions set low = max(low, ?) where topic_id = ? and partition = ?')
        .run(offset, topicId, partition);
    });
  }

  /** Writers still open are flushed first. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await disposeAll(this.#writers);
    } finally {
      this.#file[Symbol.dispose]();
    }
  }
}
