import { firstAt } from '../log/block-range.ts';
import type { LogReader, PartitionOffsets, Position } from '../log/event-log.ts';
import type { RecordBlock } from '../log/record-block.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { TopicBatch } from '../topics/topic-batch.ts';
import type { Batch } from './batch.ts';
import { BatchRecords } from './batch-records.ts';

export interface BatchBounds {
  readonly maxRecords: number;
  /** From the first record of the batch until it is closed. */
  readonly maxMilliseconds: number;
}

/** However many records it may have: a batch of long texts or arrays is closed at about this many bytes as sent. */
const MAX_BATCH_BYTES = 128 << 20;
/** How long one wait for records may take while nothing is there. */
const IDLE_WAIT_MS = 100;
/** While a transaction runs: how often to look whether it has ended. */
const BUSY_WAIT_MS = 5;

/**
 * Gathers record blocks into batches. A batch is closed when it is full or old, or as soon as the log has nothing more
 * at hand and no transaction is running, so that a single record waits for nobody.
 *
 * Two sets of decoders take turns: one batch is decoded while the one before is being applied.
 */
export class BatchCollector {
  readonly #reader: LogReader;
  readonly #catalog: TopicCatalog;
  readonly #positions = new Map<string, Position>();
  readonly #ends = new Map<string, number>();
  readonly #decoders = [new Map<string, TopicBatch>(), new Map<string, TopicBatch>()] as const;
  #turn = 0;
  /** Whether batches are to have a copy of their records, since gates may refuse some. */
  readonly #keepRecords: boolean;
  #kept: BatchRecords | undefined;
  /** Of the batch at hand, as sent. */
  #bytes = 0;
  /** A block that did not fit into the last batch, and its first record that is still to be taken. */
  #rest: { block: RecordBlock; from: number } | null = null;

  constructor(
    reader: LogReader,
    catalog: TopicCatalog,
    from: readonly Position[],
    offsets: readonly PartitionOffsets[],
    keepRecords = false,
  ) {
    this.#keepRecords = keepRecords;
    this.#reader = reader;
    this.#catalog = catalog;
    for (const position of from) this.#positions.set(place(position), position);
    for (const { topic, partition, end } of offsets) this.#ends.set(place({ topic, partition }), end);
  }

  /** Records between our positions and the ends of the log, as far as blocks and start-up have told. */
  get lag(): number {
    let lag = 0;
    for (const [key, position] of this.#positions) lag += Math.max(0, (this.#ends.get(key) ?? 0) - position.offset);
    return lag;
  }

  /** Whether every partition is at or past the given ends. */
  reached(ends: readonly PartitionOffsets[]): boolean {
    return ends.every((end) => (this.#positions.get(place(end))?.offset ?? 0) >= end.end);
  }

  /**
   * The next batch, or null when nothing came within a short wait. The result is valid until the second call after this
   * one. `busy` tells whether a transaction is still running.
   */
  async collect(bounds: BatchBounds, busy: () => boolean): Promise<Batch | null> {
    this.#turn = 1 - this.#turn;
    const decoders = this.#decoders[this.#turn as 0 | 1];
    for (const decoder of decoders.values()) decoder.reset();
    const moved = new Map<string, Position>();
    let records = 0;
    this.#bytes = 0;
    this.#kept = this.#keepRecords ? new BatchRecords(this.#catalog) : undefined;
    let closesAt = Number.POSITIVE_INFINITY;
    while (records < bounds.maxRecords && this.#bytes < MAX_BATCH_BYTES && Date.now() < closesAt) {
      const wait = moved.size === 0 ? IDLE_WAIT_MS : busy() ? BUSY_WAIT_MS : 0;
      const taken = this.#rest ?? (await this.#next(wait));
      if (taken === null) {
        if (moved.size > 0 && busy()) continue;
        break;
      }
      if (closesAt === Number.POSITIVE_INFINITY) closesAt = Date.now() + bounds.maxMilliseconds;
      records += await this.#take(taken, bounds.maxRecords - records, decoders, moved);
    }
    return moved.size === 0 ? null : this.#close(decoders, moved, records);
  }

  async #next(waitMs: number): Promise<{ block: RecordBlock; from: number } | null> {
    const block = await this.#reader.next(waitMs);
    if (block === null) return null;
    // Records that were taken already do no harm when a log delivers them again.
    return { block, from: firstAt(block, this.#positions.get(place(block))?.offset ?? 0) };
  }

  /** Decodes up to `room` records of a block and remembers the rest of it. Gives the number of records taken. */
  async #take(
    { block, from }: { block: RecordBlock; from: number },
    room: number,
    decoders: Map<string, TopicBatch>,
    moved: Map<string, Position>,
  ): Promise<number> {
    if (block.nextOffset <= (this.#positions.get(place(block))?.offset ?? -1)) return 0;
    const to = Math.min(block.count, from + room);
    let decoder = decoders.get(block.topic);
    if (decoder === undefined) decoders.set(block.topic, (decoder = this.#catalog.batch(block.topic)));
    if (to > from) {
      await this.#catalog.prepare(block.topic, block);
      decoder.addRange(block, from, to);
      this.#kept?.add(block, from, to);
      this.#bytes += span(block, from, to);
    }
    const whole = to === block.count;
    this.#rest = whole ? null : { block, from: to };
    const offset = whole ? block.nextOffset : block.baseOffset + (block.offsetDelta[to] as number);
    const { topic, partition, leaderEpoch } = block;
    const position = { topic, partition, offset, leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch };
    this.#positions.set(place(position), position);
    this.#ends.set(place(position), Math.max(block.endOffset, this.#ends.get(place(position)) ?? 0));
    moved.set(place(position), position);
    return to - from;
  }

  #close(decoders: ReadonlyMap<string, TopicBatch>, moved: ReadonlyMap<string, Position>, records: number): Batch {
    const topics = [...decoders.values()]
      .filter((decoder) => decoder.recordCount > 0)
      .map((decoder) => ({ contract: decoder.contract, records: decoder.recordCount, sealed: decoder.seal() }));
    const kept = this.#kept === undefined ? {} : { kept: this.#kept };
    return { topics, positions: [...moved.values()], records, lag: this.lag, ...kept };
  }
}

function place({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

/** The bytes from the first to the last of some records. */
function span(block: RecordBlock, from: number, to: number): number {
  const last = to - 1;
  return (
    (block.valueStart[last] as number) +
    Math.max(0, block.valueLength[last] as number) -
    (block.valueStart[from] as number)
  );
}
