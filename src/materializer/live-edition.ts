import type { Connection } from '../warehouse/connection.ts';
import type { Edition } from './edition.ts';

/** The edition that answers now: reads go to it, and a swap waits for the reads under way and holds up new ones. */
export class LiveEdition implements AsyncDisposable {
  #edition: Edition;
  readonly #reads = new Set<Promise<unknown>>();
  #swapping: Promise<unknown> = Promise.resolve();

  constructor(edition: Edition) {
    this.#edition = edition;
  }

  get edition(): Edition {
    return this.#edition;
  }

  /** Work on a connection of its own, beside the writer. */
  async read<T>(work: (connection: Connection, edition: Edition) => Promise<T>): Promise<T> {
    await this.#swapping;
    const reading = (async () => {
      using connection = await this.#edition.warehouse.connect();
      return await work(connection, this.#edition);
    })();
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Closes the edition, lets `exchange` put another in its place, and answers from that. */
  async swap(exchange: () => Promise<Edition>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#swapping = done.promise;
    try {
      await Promise.allSettled(this.#reads);
      await this.#edition[Symbol.asyncDispose]();
      this.#edition = await exchange();
    } finally {
      done.resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#swapping;
    await Promise.allSettled(this.#reads);
    await this.#edition[Symbol.asyncDispose]();
  }
}
