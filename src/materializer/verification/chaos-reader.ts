import { blockRange, firstAt } from '../../log/block-range.ts';
import type { LogReader, LogReading, Position } from '../../log/event-log.ts';
import type { RecordBlock } from '../../log/record-block.ts';
import type { Delivery } from './chaos-plan.ts';

/** A reader of one partition, and what is left of its last block. */
interface Source {
  readonly reader: LogReader;
  /** The log's own offset that it reads on from. */
  offset: number;
  rest: RecordBlock | null;
}

/** Reads a log's records in the order, and with the offsets, of a chaos plan. */
export class ChaosReader implements LogReader {
  /** Nothing is left to deliver. */
  ended = false;
  readonly #log: LogReading;
  readonly #deliveries: readonly Delivery[];
  readonly #signal: AbortSignal;
  readonly #sources = new Map<string, Source>();
  #at: number;
  /** The log's own offset within the delivery at hand. */
  #offset: number;

  /** @param from positions in the plan's offsets: what lies before them is not delivered, unless the plan has it again */
  constructor(log: LogReading, deliveries: readonly Delivery[], from: readonly Position[], signal: AbortSignal) {
    this.#log = log;
    this.#deliveries = deliveries;
    this.#signal = signal;
    const taken = ({ topic, partition, at }: Delivery): number =>
      (from.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0) - at;
    this.#at = deliveries.findIndex((one) => one.again !== 'delivered' && taken(one) < one.to - one.from);
    if (this.#at < 0) this.#at = deliveries.length;
    const first = deliveries[this.#at];
    this.#offset = first === undefined ? 0 : first.from + Math.max(0, taken(first));
    this.ended = first === undefined;
  }

  async next(waitMs: number): Promise<RecordBlock | null> {
    const delivery = this.#deliveries[this.#at];
    if (delivery === undefined || this.#signal.aborted) return null;
    const source = await this.#source(delivery);
    const block = source.rest ?? (await source.reader.next(waitMs));
    if (block === null) return null;
    const { to, at } = delivery;
    const shift = at - delivery.from;
    const next = Math.min(block.nextOffset, to);
    const part = blockRange(block, firstAt(block, this.#offset), firstAt(block, to), {
      shift,
      nextOffset: next + shift,
      endOffset: to + shift,
    });
    // Offsets of the plan have no leader epoch.
    part.leaderEpoch = -1;
    source.rest = block.nextOffset > to ? block : null;
    source.offset = next;
    this.#offset = next;
    if (next === to) this.#advance();
    return part;
  }

  #advance(): void {
    this.#at++;
    const delivery = this.#deliveries[this.#at];
    this.#offset = delivery?.from ?? 0;
    this.ended = delivery === undefined;
  }

  async #source({ topic, partition }: Delivery): Promise<Source> {
    const place = `${topic}/${partition}`;
    const open = this.#sources.get(place);
    if (open?.offset === this.#offset) return open;
    await open?.reader[Symbol.asyncDispose]();
    const position = { topic, partition, offset: this.#offset };
    const reader = await this.#log.read([position], { signal: this.#signal });
    const source = { reader, offset: this.#offset, rest: null };
    this.#sources.set(place, source);
    return source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { reader } of this.#sources.values()) await reader[Symbol.asyncDispose]();
  }
}
