import { LensError } from '../../core/errors.ts';
import { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES } from '../batch-layout.ts';
import { BatchReader } from '../batch-reader.ts';
import type { Position } from '../event-log.ts';
import type { RecordBlock } from '../record-block.ts';
import type { FetchedPartition } from './protocol/fetch.ts';

/** Where the reading of one partition stands. */
export class PartitionCursor {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** The next offset to fetch; ahead of what was handed over by what is queued. */
  offset: number;
  /** Of the last batch before `offset`, -1 while unknown: by it the broker sees whether its log still is the one we read. */
  leaderEpoch: number;
  /** Node id, -1 while unknown. */
  leader = -1;
  /** Since when the broker refuses to read here (milliseconds). */
  refusedSince: number | null = null;
  readonly #reader: BatchReader;

  constructor({ topic, partition, offset, leaderEpoch }: Position, topicId: string) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    this.offset = offset;
    this.leaderEpoch = leaderEpoch ?? -1;
    this.#reader = new BatchReader(topic, partition);
  }

  /** Takes in fetched batches and moves on behind them; null when there is nothing new in them. */
  take(fetched: FetchedPartition, nodeId: number): Delivery | null {
    this.refusedSince = null;
    if (fetched.records === null) return null;
    const after = placeAfter(fetched.records, this.offset, this.leaderEpoch);
    if (after.offset === this.offset) return null;
    const delivery = new Delivery(this, fetched, fetched.records, nodeId, this.offset, after.offset);
    this.offset = after.offset;
    this.leaderEpoch = after.leaderEpoch;
    return delivery;
  }

  parse(records: Buffer, fetched: FetchedPartition, from: number): RecordBlock {
    const block = this.#reader.read(plain(records), 0, records.length, from, fetched.aborted);
    block.endOffset = Math.max(fetched.lastStableOffset, block.nextOffset);
    return block;
  }
}

/** Fetched batches of one partition that wait to be handed over. */
export class Delivery {
  readonly nodeId: number;
  readonly #cursor: PartitionCursor;
  readonly #fetched: FetchedPartition;
  readonly #records: Buffer;
  readonly #next: number;
  #from: number;

  constructor(
    cursor: PartitionCursor,
    fetched: FetchedPartition,
    records: Buffer,
    nodeId: number,
    from: number,
    next: number,
  ) {
    this.#cursor = cursor;
    this.#fetched = fetched;
    this.#records = records;
    this.nodeId = nodeId;
    this.#from = from;
    this.#next = next;
  }

  get size(): number {
    return this.#records.length;
  }

  /** Whether all of it was parsed. A block may end early, before its unpacked records grow too large. */
  get done(): boolean {
    return this.#from >= this.#next;
  }

  parse(): RecordBlock {
    const block = this.#cursor.parse(this.#records, this.#fetched, this.#from);
    if (block.nextOffset <= this.#from) {
      const { topic, partition } = this.#cursor;
      throw new LensError('LOG_CORRUPT', 'a fetched record batch could not be read', {
        place: `${topic}/${partition}@${this.#from}`,
      });
    }
    this.#from = block.nextOffset;
    return block;
  }
}

/** The offset after the last whole batch and that batch's leader epoch, from the batch headers alone (batch-layout.ts). */
function placeAfter(records: Buffer, from: number, epoch: number): { offset: number; leaderEpoch: number } {
  let offset = from;
  let leaderEpoch = epoch;
  for (let at = 0; at + 27 <= records.length;) {
    const length = records.readInt32BE(at + 8);
    // What cannot be is the reader's to complain about, which checks every batch: let it be handed over.
    if (length < BATCH_HEADER_BYTES - BATCH_PREFIX_BYTES || records[at + 16] !== 2)
      return { offset: Math.max(offset, from + 1), leaderEpoch };
    if (at + BATCH_PREFIX_BYTES + length > records.length) break;
    const last = Number(records.readBigInt64BE(at)) + records.readInt32BE(at + 23);
    offset = Math.max(offset, last + 1);
    leaderEpoch = records.readInt32BE(at + 12);
    at += BATCH_PREFIX_BYTES + length;
  }
  return { offset, leaderEpoch };
}

/** The same memory without Buffer's methods: its slice() would be a view where a block promises a copy. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
