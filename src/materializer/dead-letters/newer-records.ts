import type { RecordBlock } from '../../log/record-block.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { type AmendedLog, letterBlock } from './amended-log.ts';
import type { CheckpointEntry } from '../checkpoint.ts';
import type { RecordPlace } from './dead-letter-contract.ts';

/** The last record of a key in a partition. */
export interface LastRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

/**
 * The last good record of some keys in each partition of a topic, among those that were applied: rows hold no offsets, so
 * they are looked for in the log. It can be taken further when more was applied meanwhile.
 */
export class NewerRecords {
  readonly #log: AmendedLog;
  readonly #catalog: TopicCatalog;
  readonly #topic: string;
  readonly #keys: ReadonlySet<string>;
  /** By partition: the offset that was not looked at yet. */
  readonly #positions: Map<number, number>;
  readonly #last = new Map<string, Map<number, LastRecord>>();
  readonly #asked: ReadonlySet<string>;
  readonly #held = new Set<string>();
  readonly #lows = new Map<number, number>();

  /**
   * @param wanted.from by partition: the first offset that matters; the others are not read
   * @param wanted.places records of which it is to tell whether they are still there
   */
  constructor(
    log: AmendedLog,
    catalog: TopicCatalog,
    wanted: {
      topic: string;
      keys: readonly Uint8Array[];
      from: ReadonlyMap<number, number>;
      places: readonly RecordPlace[];
    },
  ) {
    this.#asked = new Set(wanted.places.map(({ partition, offset }) => `${partition}/${offset}`));
    this.#log = log;
    this.#catalog = catalog;
    this.#topic = wanted.topic;
    this.#keys = new Set(wanted.keys.map(bytesText));
    this.#positions = new Map(wanted.from);
  }

  /** Whether the record of one of the places that were asked for is gone, although the log reaches back to it. */
  lacks({ partition, offset }: RecordPlace): boolean {
    return offset >= (this.#lows.get(partition) ?? 0) && !this.#held.has(`${partition}/${offset}`);
  }

  /** Of each partition that has the key. */
  of(key: Uint8Array): LastRecord[] {
    return [...(this.#last.get(bytesText(key))?.values() ?? [])];
  }

  /**
   * Looks through the records before a checkpoint.
   *
   * @param dead whether a record is an open dead letter
   */
  async upTo(
    checkpoint: readonly CheckpointEntry[],
    dead: (partition: number, offset: number) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#keys.size === 0) return;
    const open = new Map<number, number>();
    const from = [];
    const offsets = await this.#log.offsets([this.#topic]);
    for (const letter of this.#last.size === 0 ? this.#log.before(offsets) : []) {
      await this.#visit(letterBlock(letter), Number.POSITIVE_INFINITY, () => false);
    }
    for (const { partition, low, end } of offsets) {
      const entry = checkpoint.find((one) => one.topic === this.#topic && one.partition === partition);
      const position = this.#positions.get(partition);
      this.#lows.set(partition, low);
      if (entry === undefined || position === undefined) continue;
      const offset = Math.max(low, position, entry.firstOffset);
      const until = Math.min(end, entry.nextOffset);
      if (offset >= until) continue;
      open.set(partition, until);
      from.push({ topic: this.#topic, partition, offset });
    }
    if (from.length === 0) return;
    await using reader = await this.#log.read(from, { signal });
    while (open.size > 0) {
      signal.throwIfAborted();
      const block = await reader.next(500);
      const until = block === null ? undefined : open.get(block.partition);
      if (block === null || until === undefined) continue;
      await this.#visit(block, until, dead);
      this.#positions.set(block.partition, Math.min(until, block.nextOffset));
      if (block.nextOffset >= until) open.delete(block.partition);
    }
  }

  async #visit(block: RecordBlock, until: number, dead: (partition: number, offset: number) => boolean): Promise<void> {
    const bytes = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length);
    for (let i = 0; i < block.count && block.offset(i) < until; i++) {
      const at = `${block.partition}/${block.offset(i)}`;
      if (this.#asked.has(at)) this.#held.add(at);
      const [start, length] = [block.keyStart[i] as number, block.keyLength[i] as number];
      if (length < 0) continue;
      const key = bytes.toString('latin1', start, start + length);
      if (!this.#keys.has(key) || dead(block.partition, block.offset(i)) || !(await this.#isGood(block, i))) continue;
      const found = { partition: block.partition, offset: block.offset(i), timestamp: block.timestamp[i] as number };
      const last = this.#last.get(key) ?? new Map<number, LastRecord>();
      this.#last.set(key, last.set(block.partition, found));
    }
  }

  /** A dead letter that was purged is not known as one. */
  async #isGood(block: RecordBlock, i: number): Promise<boolean> {
    await this.#catalog.prepare(this.#topic, block);
    const batch = this.#catalog.batch(this.#topic);
    batch.addRange(block, i, i + 1);
    return batch.seal().deadLetters.length === 0;
  }
}

function bytesText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
