import { BatchBuilder } from '../batch-builder.ts';
import type { Compression, RecordOptions } from '../event-log.ts';
import type { ProducerIdentity } from './protocol/produce.ts';
import { splitBatch } from './split-batch.ts';

/**
 * Uncompressed bytes of one record batch; below every broker's default limit of 1 MB, and halved where a topic takes less.
 * A larger record is one alone.
 */
const BATCH_BYTES = 256 << 10;
const LEAST_BATCH_BYTES = 1 << 10;
/** Key, value and this are more than a record takes in its batch, but for its headers. */
const RECORD_OVERHEAD = 64;

/** A batch as sent; the same bytes, with the same sequence numbers, go out again when its answer was lost. */
export interface SealedRecords {
  readonly bytes: Uint8Array;
  /** What it counts for in the writer's bound. */
  readonly size: number;
  readonly count: number;
}

/** Something whose work fails again and again since a time (milliseconds), or null. */
export interface Stuck {
  stuckSince: number | null;
}

/** The records of one partition on their way out, in order: sealed batches, then the one being filled. */
export class PendingBatches implements Stuck {
  stuckSince: number | null = null;
  readonly topic: string;
  readonly partition: number;
  /** Whether the first sealed batch is with the broker. */
  sending = false;
  readonly sealed: SealedRecords[] = [];
  readonly #builder: BatchBuilder;
  readonly #identity: ProducerIdentity;
  readonly #compression: Compression;
  #batchBytes = BATCH_BYTES;
  #sequence = 0;

  constructor(topic: string, partition: number, compression: Compression, identity: ProducerIdentity) {
    this.topic = topic;
    this.partition = partition;
    this.#compression = compression;
    this.#builder = new BatchBuilder(compression);
    this.#identity = identity;
  }

  get empty(): boolean {
    return this.sealed.length === 0 && this.#builder.count === 0;
  }

  /** Adds a record and returns by how many bytes the pending ones grew. */
  add(key: Uint8Array | null, value: Uint8Array | null, timestamp: number, headers: RecordOptions['headers']): number {
    let bytes = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, content] of headers ?? []) bytes += name.length * 3 + content.length + 10;
    if (this.#builder.count > 0 && this.#builder.size + bytes > this.#batchBytes) this.seal();
    const before = this.#builder.count === 0 ? 0 : this.#builder.size;
    this.#builder.add(key, value, timestamp, headers);
    return this.#builder.size - before;
  }

  /** Takes out the first sealed batch, which is safe now, and returns its size. */
  acknowledge(): number {
    this.stuckSince = null;
    return this.sealed.shift()?.size ?? 0;
  }

  /**
   * Puts two batches in the place of the first, which was refused as too large; false when it is a single record. They
   * take up its sequence numbers, since none of its records was written.
   */
  splitFirst(): boolean {
    const [first] = this.sealed;
    if (first === undefined || first.count < 2) return false;
    const halves = splitBatch(first.bytes, this.#compression).map(({ bytes, count }, i) => ({
      bytes,
      count,
      size: i === 0 ? Math.ceil(first.size / 2) : Math.floor(first.size / 2),
    }));
    this.sealed.splice(0, 1, ...halves);
    this.#batchBytes = Math.max(LEAST_BATCH_BYTES, Math.min(this.#batchBytes, Math.ceil(first.size / 2)));
    return true;
  }

  /** Closes the batch being filled and numbers its records. */
  seal(): void {
    const { count, size } = this.#builder;
    if (count === 0) return;
    const { producerId, producerEpoch } = this.#identity;
    const bytes = this.#builder.finish({ producerId, producerEpoch, baseSequence: this.#sequence });
    this.#sequence = (this.#sequence + count) % 0x80000000; // wraps after 2^31 - 1
    this.sealed.push({ bytes, size, count });
  }
}
