import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** Those who read one open warehouse file, each on a connection of its own. */
export class EditionReaders {
  readonly warehouse: Warehouse;
  readonly #reads = new Map<Promise<unknown>, AbortController>();

  constructor(warehouse: Warehouse) {
    this.warehouse = warehouse;
  }

  /** The signal tells the work that it is not waited for any more; it then throws the signal's reason. */
  async read<T>(work: (connection: Connection, signal: AbortSignal) => Promise<T>): Promise<T> {
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
    work: (connection: Connection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using connection = await this.warehouse.connect();
    using _interrupting = connection.interruptOn(leave);
    try {
      return await work(connection, leave);
    } catch (error) {
      throw leave.aborted ? leave.reason : error;
    }
  }

  /** Whether somebody reads. */
  get isRead(): boolean {
    return this.#reads.size > 0;
  }

  /** Resolves when nobody reads. */
  async done(): Promise<void> {
    while (this.isRead) await Promise.allSettled(this.#reads.keys());
  }

  /** The same, and interrupts those who read on after the time: QUERY_FAILED with why. */
  async end(why: string, graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const leave of this.#reads.values()) {
        leave.abort(new LensError('QUERY_FAILED', `the query was ${why}`, { hint: 'ask again' }));
      }
    }, graceMs);
    await this.done();
    clearTimeout(timer);
  }
}
