import type { StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../../core/errors.ts';
import { BatchReader } from '../batch-reader.ts';
import type { LogReader, Position, ReadOptions } from '../event-log.ts';
import { outOfRange } from './out-of-range.ts';
import type { RecordBlock } from '../record-block.ts';
import type { LogFile } from './log-file.ts';
import type { TopicStore } from './topic-store.ts';

/** How often a waiting reader looks for new records; looking takes microseconds. */
const POLL_MILLISECONDS = 20;
const DEFAULT_BLOCK_BYTES = 1 << 20;
/** Small appends are gathered into one block up to this many. */
const MAX_ROWS = 1024;

interface Cursor {
  readonly topic: string;
  readonly topicId: number;
  readonly partition: number;
  readonly batches: BatchReader;
  offset: number;
}

/** Reads the partitions in turns, a block of whole rows at a time; while there is nothing it polls for a change of the file. */
export class EmbeddedReader implements LogReader {
  readonly #file: LogFile;
  readonly #topics: TopicStore;
  readonly #cursors: Cursor[];
  readonly #signal: AbortSignal | undefined;
  readonly #maxBytes: number;
  readonly #sizes: StatementSync;
  readonly #bodies: StatementSync;
  #gathered = new Uint8Array(0);
  #turn = 0;
  #disposed = false;

  /** @throws LOG_TOPIC_MISSING, or LOG_OFFSET_OUT_OF_RANGE when a position is not within its partition's offsets */
  constructor(file: LogFile, topics: TopicStore, from: readonly Position[], options: ReadOptions) {
    this.#file = file;
    this.#topics = topics;
    this.#signal = options.signal;
    this.#maxBytes = options.maxBytesPerPartition ?? DEFAULT_BLOCK_BYTES;
    const place = 'from batches where topic_id = ? and partition = ? and last_offset >= ?';
    this.#sizes = file.database.prepare(
      `select last_offset, length(body) as bytes ${place} order by last_offset limit ${MAX_ROWS}`,
    );
    this.#bodies = file.database.prepare(`select body ${place} and last_offset <= ? order by last_offset`);
    this.#cursors = file.reading(() => from.map((position) => this.#cursor(position)));
  }

  async next(waitMs: number): Promise<RecordBlock | null> {
    const deadline = performance.now() + waitMs;
    // Reading is synchronous: without this a busy reader would starve timers, sockets and signals.
    await nextTurn();
    for (;;) {
      if (this.#disposed || this.#signal?.aborted === true) return null;
      const stamp = this.#file.guarded('LOG_UNREACHABLE', () => this.#file.changeStamp());
      const block = this.#file.reading(() => this.#poll());
      if (block !== null) return block;
      if (!(await this.#changed(stamp, deadline))) return null;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    return Promise.resolve();
  }

  #cursor(position: Position): Cursor {
    const { topic, partition, offset } = position;
    const { topicId, description } = this.#topics.get(topic);
    const bounds = this.#topics.bounds(topicId, partition);
    if (bounds === undefined) {
      throw new LensError('LOG_TOPIC_MISMATCH', `topic ${topic} has ${description.partitions} partitions`, {
        place: `${topic}/${partition}`,
        hint: 'the checkpoint names a partition that the topic does not have: was the topic made again with fewer?',
      });
    }
    if (offset < bounds.low || offset > bounds.end) throw outOfRange(position, bounds.low, bounds.end);
    return { topic, topicId, partition, offset, batches: new BatchReader(topic, partition) };
  }

  /** A block of the next partition that has one; the one after it comes first the next time. */
  #poll(): RecordBlock | null {
    for (let i = 0; i < this.#cursors.length; i++) {
      const turn = (this.#turn + i) % this.#cursors.length;
      const cursor = this.#cursors[turn] as Cursor;
      const bounds = this.#topics.bounds(cursor.topicId, cursor.partition);
      if (bounds === undefined) throw this.#topics.gone(cursor.topic);
      if (cursor.offset < bounds.low || cursor.offset > bounds.end) throw outOfRange(cursor, bounds.low, bounds.end);
      if (cursor.offset === bounds.end) continue;
      this.#turn = turn + 1;
      return this.#block(cursor, bounds.end);
    }
    return null;
  }

  #block(cursor: Cursor, endOffset: number): RecordBlock {
    const { topicId, partition, offset } = cursor;
    const sizes = this.#sizes.all(topicId, partition, offset) as unknown as { last_offset: number; bytes: number }[];
    let bytes = 0;
    let last = -1;
    for (const row of sizes) {
      if (last >= 0 && bytes + row.bytes > this.#maxBytes) break;
      bytes += row.bytes;
      last = row.last_offset;
    }
    const rows = this.#bodies.all(topicId, partition, offset, last) as unknown as { body: Uint8Array }[];
    const body = rows.length === 1 ? (rows[0] as { body: Uint8Array }).body : this.#gather(rows, bytes);
    const block = cursor.batches.read(body, 0, bytes, offset);
    if (block.nextOffset <= offset || block.nextOffset > last + 1) {
      throw new LensError('LOG_CORRUPT', `a stored batch does not hold the offsets ${offset} to ${last}`, {
        place: `${cursor.topic}/${partition}@${offset}`,
        hint: 'the log file is damaged; restore it from a backup',
      });
    }
    block.endOffset = endOffset;
    cursor.offset = block.nextOffset;
    return block;
  }

  #gather(rows: readonly { body: Uint8Array }[], bytes: number): Uint8Array {
    if (bytes > this.#gathered.length) this.#gathered = new Uint8Array(Math.max(bytes, this.#maxBytes));
    let at = 0;
    for (const { body } of rows) {
      this.#gathered.set(body, at);
      at += body.length;
    }
    return this.#gathered;
  }

  /** Waits until the file differs from `stamp`; false when the time is over or reading has ended. */
  async #changed(stamp: string, deadline: number): Promise<boolean> {
    while (!this.#disposed) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      try {
        await sleep(Math.min(left, POLL_MILLISECONDS), undefined, this.#signal && { signal: this.#signal });
      } catch {
        return false; // aborted
      }
      if (this.#disposed) return false;
      if (this.#file.guarded('LOG_UNREACHABLE', () => this.#file.changeStamp()) !== stamp) return true;
    }
    return false;
  }
}
