import { setImmediate } from 'node:timers/promises';
import type { LogWriter } from '../log/event-log.ts';
import type { RecordEncoder } from '../topics/record-encoder.ts';
import type { IngestContext, IngestSummary } from './ingest-contract.ts';
import { ResumingWriter, type PublishedRecords } from './resuming-writer.ts';

/** Records between two looks at the clock. */
const LOOK_EVERY = 256;
/** Milliseconds between two turns of the event loop, so that signals and progress get through. */
const TURN_EVERY = 50;

export interface PublisherOptions {
  readonly topic: string;
  /** For progress. */
  readonly label: string;
  readonly total: number | null;
  /** What an interrupted run left in the topic: only what is missing is published, see ResumingWriter. */
  readonly published?: PublishedRecords | undefined;
}

/** Publishes records of one topic: encodes by its contract, queues, counts, reports progress and minds the signal. */
export class TopicPublisher implements AsyncDisposable {
  readonly #ctx: IngestContext;
  readonly #options: PublisherOptions;
  readonly #writer: LogWriter;
  readonly #encoder: RecordEncoder;
  readonly #started = performance.now();
  #turned = performance.now();
  #done = 0;
  #looked = 0;

  private constructor(ctx: IngestContext, options: PublisherOptions, writer: LogWriter, encoder: RecordEncoder) {
    this.#ctx = ctx;
    this.#options = options;
    this.#writer = writer;
    this.#encoder = encoder;
  }

  static async open(ctx: IngestContext, options: PublisherOptions): Promise<TopicPublisher> {
    const encoder = await ctx.catalog.encoder(options.topic);
    const writer = await ctx.log.write({ signal: ctx.signal });
    const { published } = options;
    return new TopicPublisher(ctx, options, published ? new ResumingWriter(writer, published) : writer, encoder);
  }

  get stopped(): boolean {
    return this.#ctx.signal?.aborted === true;
  }

  /** @param timestamp of the record, milliseconds since 1970 */
  publish(value: Readonly<Record<string, unknown>>, timestamp: number): void {
    const record = this.#encoder.record(value);
    this.#done++;
    this.#writer.add(this.#options.topic, record.key, record.value, { timestamp });
  }

  /** To be awaited after every few records: waits when the queue is full, and lets signals and progress through. */
  breathe(): Promise<void> | undefined {
    if (this.#done - this.#looked < LOOK_EVERY) return undefined;
    this.#looked = this.#done;
    return this.#turn();
  }

  /** Makes all records durable. */
  async finish(notes: readonly string[] = []): Promise<IngestSummary> {
    await this.#writer.flush();
    this.#report();
    return {
      topic: this.#options.topic,
      records: this.#writer instanceof ResumingWriter ? this.#writer.written : this.#done,
      milliseconds: Math.round(performance.now() - this.#started),
      notes,
      stopped: this.stopped,
    };
  }

  /** Makes the records so far durable. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }

  async #turn(): Promise<void> {
    await this.#writer.drain();
    if (performance.now() - this.#turned < TURN_EVERY) return;
    this.#report();
    await setImmediate();
    this.#turned = performance.now();
  }

  #report(): void {
    this.#ctx.onProgress?.(this.#options.label, this.#done, this.#options.total);
  }
}

/** What has become of the records before one that is wrong. */
export function publishedBefore(records: number): string {
  if (records === 0) return 'nothing is published';
  return records === 1 ? 'the 1 record before it is published' : `the ${records} records before it are published`;
}
