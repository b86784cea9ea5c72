import type { LogReading, PartitionOffsets } from '../../log/event-log.ts';

/** How long a partition may take to give a record that it says it has. */
const WAIT_MS = 10_000;

/** Times of records in a log, in milliseconds since 1970; null where there is no such record any more. */
export class RecordTimes {
  readonly #log: LogReading;
  readonly #ends: readonly PartitionOffsets[];

  private constructor(log: LogReading, ends: readonly PartitionOffsets[]) {
    this.#log = log;
    this.#ends = ends;
  }

  static async of(log: LogReading, topics: readonly string[]): Promise<RecordTimes> {
    return new RecordTimes(log, await log.offsets(topics));
  }

  /** Of the last record of a partition before an offset. */
  async lastBefore(topic: string, partition: number, offset: number): Promise<number | null> {
    const known = this.#partition(topic, partition);
    if (known === undefined) return null;
    // Where offsets have holes, a longer way back is needed.
    for (let back = 1, from = offset; from > known.low; back *= 16) {
      from = Math.max(known.low, offset - back);
      const times = await this.#between(topic, partition, from, Math.min(offset, known.end));
      const last = times.at(-1);
      if (last !== undefined) return last;
    }
    return null;
  }

  /** Of the first record of a partition that is not before an offset. */
  async firstFrom(topic: string, partition: number, offset: number): Promise<number | null> {
    const known = this.#partition(topic, partition);
    if (known === undefined || offset >= known.end) return null;
    const times = await this.#between(topic, partition, Math.max(known.low, offset), known.end, true);
    return times[0] ?? null;
  }

  #partition(topic: string, partition: number): PartitionOffsets | undefined {
    return this.#ends.find((one) => one.topic === topic && one.partition === partition);
  }

  async #between(topic: string, partition: number, from: number, until: number, first = false): Promise<number[]> {
    const times: number[] = [];
    if (from >= until) return times;
    await using reader = await this.#log.read([{ topic, partition, offset: from }], { maxBytesPerPartition: 64 << 10 });
    for (let next = from; next < until;) {
      const block = await reader.next(WAIT_MS);
      if (block === null) return times;
      for (let i = 0; i < block.count && block.offset(i) < until; i++) {
        if (block.offset(i) >= from) times.push(block.timestamp[i] as number);
        if (first && times.length > 0) return times;
      }
      next = block.nextOffset;
    }
    return times;
  }
}
