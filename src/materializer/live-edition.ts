import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { Edition } from './edition.ts';

/** How long a swap lets reads under way go on before it interrupts them. */
const READS_GRACE_MS = 3000;

/** The edition that answers now: reads go to it; a swap ends those under way and holds up new ones. */
export class LiveEdition implements AsyncDisposable {
  #edition: Edition;
  readonly #reads = new Map<Promise<unknown>, AbortController>();
  #swapping: Promise<unknown> = Promise.resolve();

  constructor(edition: Edition) {
    this.#edition = edition;
  }

  get edition(): Edition {
    return this.#edition;
  }

  /**
   * Work on a connection of its own, beside the writer. QUERY_FAILED when a swap or the end cannot wait for it; the
   * signal tells the work of that too.
   */
  async read<T>(work: (connection: Connection, edition: Edition, signal: AbortSignal) => Promise<T>): Promise<T> {
    await this.#swapping;
    const leave = new AbortController();
    const reading = this.#readUntil(leave.signal, work);
    this.#reads.set(reading, leave);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  async #readUntil<T>(
    leave: AbortSignal,
    work: (connection: Connection, edition: Edition, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using connection = await this.#edition.warehouse.connect();
    using _interrupting = connection.interruptOn(leave);
    try {
      return await work(connection, this.#edition, leave);
    } catch (error) {
      throw leave.aborted ? leave.reason : error;
    }
  }

  /** Closes the edition, lets `exchange` put another in its place, and answers from that. */
  async swap(exchange: () => Promise<Edition>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#swapping = done.promise;
    try {
      await this.#endReads('interrupted, since a full refresh puts new tables in place', READS_GRACE_MS);
      await this.#edition[Symbol.asyncDispose]();
      this.#edition = await exchange();
    } finally {
      done.resolve();
    }
  }

  async #endReads(why: string, graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const leave of this.#reads.values()) {
        leave.abort(new LensError('QUERY_FAILED', `the query was ${why}`, { hint: 'ask again' }));
      }
    }, graceMs);
    await Promise.allSettled(this.#reads.keys());
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#swapping;
    await this.#endReads('interrupted, since its warehouse is being closed', 0);
    await this.#edition[Symbol.asyncDispose]();
  }
}
