import { BatchBuilder } from '../batch-builder.ts';
import type { Compression, RecordOptions } from '../event-log.ts';
import type { ProducerIdentity } from './protocol/produce.ts';

/** Uncompressed bytes of one record batch; below every broker's default limit of 1 MB. A larger record is one alone. */
const BATCH_BYTES = 256 << 10;
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
  #sequence = 0;

  constructor(topic: string, partition: number, compression: Compression, identity: ProducerIdentity) {
    this.topic = topic;
    this.partition = partition;
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
    if (this.#builder.count > 0 && this.#builder.size + bytes > BATCH_BYTES) this.seal();
    const before = this.#builder.count === 0 ? 0 : this.#builder.size;
    this.#builder.add(key, value, timestamp, headers);
    return this.#builder.size - before;
  }

  /** Takes out the first sealed batch, which is safe now, and returns its size. */
  acknowledge(): number {
    this.stuckSince = null;
    return this.sealed.shift()?.size ?? 0;
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
