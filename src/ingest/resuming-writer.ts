import { createHash } from 'node:crypto';
import type { LogWriter, RecordOptions } from '../log/event-log.ts';
import type { IngestContext } from './ingest-contract.ts';
import { KeyIndex } from './key-index.ts';
import { scanTopic } from './topic-scan.ts';

/** The records a topic holds, as 53-bit hashes of key and value, ticked off as they come up again. */
export class PublishedRecords {
  readonly #hashes = new KeyIndex();
  readonly #met: boolean[] = [];
  #left = 0;

  /** Reads the topic. */
  static async read(ctx: IngestContext, topic: string): Promise<PublishedRecords> {
    const records = new PublishedRecords();
    await scanTopic(ctx, topic, (block) => {
      for (let i = 0; i < block.count; i++) records.#add(hashOf(block.key(i), block.value(i)));
    });
    return records;
  }

  /** Records not met again so far. */
  get left(): number {
    return this.#left;
  }

  /** True when the topic holds this very record; ticks it off. */
  meet(key: Uint8Array | null, value: Uint8Array | null): boolean {
    const slot = this.#hashes.find(hashOf(key, value));
    if (slot < 0) return false;
    if (this.#met[slot] === false) this.#left--;
    this.#met[slot] = true;
    return true;
  }

  #add(hash: number): void {
    const known = this.#hashes.size;
    const slot = this.#hashes.add(hash);
    if (slot < known) return;
    this.#met[slot] = false;
    this.#left++;
  }
}

/**
 * Finishes a deterministic sequence of records that was interrupted: writes those that the topic does not hold yet.
 * Records are held back until every record of the topic has come up in the sequence, byte for byte; when some never
 * does, the topic holds something else, and nothing is written. An interrupted writer leaves a beginning of each
 * partition, so little is held back.
 */
export class ResumingWriter implements LogWriter {
  readonly #writer: LogWriter;
  readonly #published: PublishedRecords;
  #held: Parameters<LogWriter['add']>[] = [];
  /** Records really handed on. */
  written = 0;

  constructor(writer: LogWriter, published: PublishedRecords) {
    this.#writer = writer;
    this.#published = published;
  }

  add(topic: string, key: Uint8Array | null, value: Uint8Array | null, options?: RecordOptions): void {
    if (this.#published.meet(key, value)) {
      if (this.#published.left === 0) this.#release();
    } else if (this.#published.left === 0) {
      this.#write(topic, key, value, options);
    } else {
      // The caller may reuse its buffers.
      this.#held.push([topic, key?.slice() ?? null, value?.slice() ?? null, options]);
    }
  }

  drain(): Promise<void> {
    return this.#writer.drain();
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }

  #release(): void {
    for (const record of this.#held) this.#write(...record);
    this.#held = [];
  }

  #write(...record: Parameters<LogWriter['add']>): void {
    this.#writer.add(...record);
    this.written++;
  }
}

function hashOf(key: Uint8Array | null, value: Uint8Array | null): number {
  const hash = createHash('md5').update(value === null ? 'tombstone' : value);
  hash.update(key === null ? 'no key' : `${key.length}:`).update(key ?? '');
  const digest = hash.digest();
  return (digest.readUInt32LE(4) & 0x1fffff) * 4294967296 + digest.readUInt32LE(0);
}
