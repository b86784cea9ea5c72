import type { LogReader, LogReading, PartitionOffsets, Position, ReadOptions, TopicDescription } from './event-log.ts';
import type { RecordBlock } from './record-block.ts';

/** A log that is read through another: topics and offsets are the other's, what its readers hand over is for the subclass to say. */
export abstract class LogOverLog implements LogReading {
  protected readonly log: LogReading;

  constructor(log: LogReading) {
    this.log = log;
  }

  topics(names?: readonly string[]): Promise<Map<string, TopicDescription>> {
    return this.log.topics(names);
  }

  offsets(topics: readonly string[]): Promise<PartitionOffsets[]> {
    return this.log.offsets(topics);
  }

  abstract read(from: readonly Position[], options?: ReadOptions): Promise<LogReader>;
}

/** A reader of which every block is made into another before it is handed over. */
export function readerThrough(inner: LogReader, made: (block: RecordBlock) => RecordBlock): LogReader {
  return {
    async next(waitMs) {
      const block = await inner.next(waitMs);
      return block === null ? null : made(block);
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
