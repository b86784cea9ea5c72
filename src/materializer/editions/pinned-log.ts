import { blockRange, firstAt } from '../../log/block-range.ts';
import type { LogReader, LogReading, PartitionOffsets, Position, ReadOptions } from '../../log/event-log.ts';
import { LogOverLog } from '../../log/log-over-log.ts';
import type { RecordBlock } from '../../log/record-block.ts';

/** A log as it was when the ends of its partitions were the given ones: what came later is not there. */
export class PinnedLog extends LogOverLog {
  readonly #offsets: readonly PartitionOffsets[];
  readonly #thinned: Set<string>;

  /** @param thinned takes the topics that have offsets without a record: a log was compacted, or holds control records */
  constructor(log: LogReading, offsets: readonly PartitionOffsets[], thinned: Set<string>) {
    super(log);
    this.#offsets = offsets;
    this.#thinned = thinned;
  }

  override async offsets(topics: readonly string[]): Promise<PartitionOffsets[]> {
    return this.#offsets.filter(({ topic }) => topics.includes(topic));
  }

  async read(from: readonly Position[], options: ReadOptions = {}): Promise<LogReader> {
    const ends = new Map(this.#offsets.map((one) => [place(one), one.end]));
    const wanted = from.filter((position) => position.offset < (ends.get(place(position)) ?? 0));
    const inner = await this.log.read(wanted, options);
    return new PinnedReader(inner, ends, wanted, this.#thinned, options.signal);
  }
}

class PinnedReader implements LogReader {
  readonly #inner: LogReader;
  readonly #ends: ReadonlyMap<string, number>;
  readonly #positions: Map<string, number>;
  readonly #thinned: Set<string>;
  readonly #signal: AbortSignal | undefined;

  constructor(
    inner: LogReader,
    ends: ReadonlyMap<string, number>,
    from: readonly Position[],
    thinned: Set<string>,
    signal: AbortSignal | undefined,
  ) {
    this.#inner = inner;
    this.#ends = ends;
    this.#positions = new Map(from.map((position) => [place(position), position.offset]));
    this.#thinned = thinned;
    this.#signal = signal;
  }

  async next(waitMs: number): Promise<RecordBlock | null> {
    const deadline = performance.now() + waitMs;
    while (this.#signal?.aborted !== true) {
      const block = await this.#inner.next(Math.max(0, deadline - performance.now()));
      if (block === null) return null;
      const cut = this.#cut(block);
      if (cut !== null) return cut;
    }
    return null;
  }

  /** The part of a block before the end, or null when there is none. */
  #cut(block: RecordBlock): RecordBlock | null {
    const at = place(block);
    const [position, end] = [this.#positions.get(at) ?? 0, this.#ends.get(at) ?? 0];
    if (position >= end) return null;
    const to = firstAt(block, end);
    const nextOffset = Math.min(block.nextOffset, end);
    if (to < nextOffset - position) this.#thinned.add(block.topic);
    this.#positions.set(at, nextOffset);
    return blockRange(block, 0, to, { nextOffset, endOffset: end });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}

function place({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
