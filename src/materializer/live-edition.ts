import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { Warehouse, type WarehouseOptions, warehousePlace } from '../warehouse/warehouse.ts';
import type { Edition } from './edition.ts';
import { EditionReaders } from './edition-readers.ts';

const WRITES_GRACE_MS = 3000;
/** How long those who read an edition that is wanted back may go on before they are interrupted. */
const READS_GRACE_MS = 3000;

interface OtherEdition {
  readonly opened: Promise<EditionReaders>;
  readonly closed: Promise<void>;
  /** While it is open. */
  readers?: EditionReaders;
  isClosing?: true;
}

/** Another edition, or another way to keep it, came between. */
class EditionMoved extends Error {}

/**
 * The edition that answers now: reads go to it. One that is replaced goes on for those who read it, to their end. Others of the data
 * folder are opened for as long as somebody reads them.
 */
export class LiveEdition implements AsyncDisposable {
  #edition: Edition;
  #readers: EditionReaders;
  /** Readers that write, too, and may not do so to an edition that is replaced. */
  #writers: EditionReaders;
  #replacing: Promise<unknown> = Promise.resolve();
  #isReplacing = false;
  /** Editions that are not the live one and are open, by file. */
  readonly #others = new Map<string, OtherEdition>();
  /** Those that are wanted back, by file, with what is said to who would read them. */
  readonly #reserved = new Map<string, string>();

  constructor(edition: Edition) {
    this.#edition = edition;
    this.#readers = new EditionReaders(edition.warehouse);
    this.#writers = new EditionReaders(edition.warehouse);
  }

  get edition(): Edition {
    return this.#edition;
  }

  /**
   * Work on a connection of its own, beside the writer. QUERY_FAILED when the end cannot wait for it; the signal tells the work
   * of that too.
   */
  read<T>(work: (connection: Connection, edition: Edition, signal: AbortSignal) => Promise<T>): Promise<T> {
    const edition = this.#edition;
    return this.#readers.read((connection, signal) => work(connection, edition, signal));
  }

  /** The same for work that also writes, on connections of its own. It waits while an edition is replaced. */
  async readAndWrite<T>(
    work: (connection: Connection, edition: Edition, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // Without waiting from then on: a replacement that begins ends those whom it knows.
    while (this.#isReplacing) await this.#replacing;
    const edition = this.#edition;
    return this.#writers.read((connection, signal) => work(connection, edition, signal));
  }

  /**
   * The same on another edition, for reading only. WAREHOUSE_* errors when it cannot be opened, WAREHOUSE_LOCKED also while it is reserved.
   *
   * @param file which it is, when none is being replaced; null for the live one
   */
  async readOther<T>(
    file: () => string | null,
    options: WarehouseOptions,
    work: (connection: Connection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    // The one that is replaced comes to be another one, and what was the previous one goes.
    while (this.#isReplacing) await this.#replacing;
    const found = file();
    if (found === null) return this.read((connection, _, signal) => work(connection, signal));
    const place = warehousePlace(found);
    while (this.#others.get(place)?.isClosing === true) await this.#others.get(place)?.closed;
    const reserved = this.#reserved.get(place);
    if (reserved !== undefined)
      throw new LensError('WAREHOUSE_LOCKED', reserved, { hint: 'ask the live one, or wait' });
    const known = this.#others.get(place);
    // Without waiting, where it is open: else it could be closed in between.
    if (known?.readers !== undefined) return known.readers.read(work);
    const opened =
      known?.opened ?? Warehouse.openToRead(place, options).then((warehouse) => new EditionReaders(warehouse));
    const reading = opened.then((readers) => readers.read(work));
    if (known === undefined) this.#keepWhileRead(place, opened);
    return reading;
  }

  /**
   * Lets another edition answer. The one before must be retired when `exchange` gives the new one; it is closed when the last of its
   * readers is done. Those who also write may go on for three seconds before that.
   */
  async replace(exchange: () => Promise<Edition>): Promise<void> {
    await this.#replaced(async () => {
      await this.#writers.end('interrupted, since another edition takes over', WRITES_GRACE_MS);
      const edition = await exchange();
      const before = this.#readers;
      this.#edition = edition;
      this.#readers = new EditionReaders(edition.warehouse);
      this.#writers = new EditionReaders(edition.warehouse);
      this.#keepWhileRead(before.warehouse.path, Promise.resolve(before));
    });
  }

  /** Who also writes waits for it. */
  async #replaced(work: () => Promise<void>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#replacing = done.promise;
    this.#isReplacing = true;
    try {
      await work();
    } finally {
      this.#isReplacing = false;
      done.resolve();
    }
  }

  /**
   * The same for work in one snapshot that the edition's plans must be those of: it calls `begun` when it has the snapshot. Begins again when the
   * edition was another one by then.
   */
  async readAsPlanned<T>(
    work: (connection: Connection, edition: Edition, signal: AbortSignal, begun: () => void) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      await this.#replacing;
      try {
        return await this.read((connection, edition, signal) => {
          const begun = (): void => {
            if (this.#isReplacing || this.#edition !== edition) throw new EditionMoved();
          };
          return work(connection, edition, signal, begun);
        });
      } catch (error) {
        if (!(error instanceof EditionMoved)) throw error;
      }
    }
  }

  /** The same file is kept in another way, from when `exchange` gives the edition on ({@link Edition.keptBy}). */
  adopt(exchange: () => Promise<Edition>): Promise<void> {
    return this.#replaced(async () => {
      this.#edition = await exchange();
    });
  }

  /** Nobody who is not reading a file by now comes to read it, until it is disposed: it is about to be written. */
  reserve(file: string, why: string): Disposable {
    const place = warehousePlace(file);
    this.#reserved.set(place, why);
    return { [Symbol.dispose]: () => void this.#reserved.delete(place) };
  }

  /** When nobody here has a file open any more: who reads on is interrupted after three seconds. */
  async release(file: string, why: string): Promise<void> {
    const other = this.#others.get(warehousePlace(file));
    if (other === undefined) return;
    await (await other.opened).end(why, READS_GRACE_MS);
    await other.closed;
  }

  #keepWhileRead(file: string, opened: Promise<EditionReaders>): void {
    const forget = (): void => void this.#others.delete(file);
    const closed = opened
      .then(async (readers) => {
        const entry = this.#others.get(file);
        if (entry !== undefined) entry.readers = readers;
        do await readers.done();
        while (readers.isRead);
        if (entry !== undefined) entry.isClosing = true;
        await readers.warehouse[Symbol.asyncDispose]();
      })
      .finally(forget)
      .catch(() => undefined);
    this.#others.set(file, { opened, closed });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const why = 'interrupted, since its warehouse is being closed';
    await Promise.all([this.#readers.end(why, 0), this.#writers.end(why, 0)]);
    for (const { opened, closed } of this.#others.values()) {
      await opened.then((readers) => readers.end(why, 0)).catch(() => undefined);
      await closed;
    }
    await this.#edition[Symbol.asyncDispose]();
  }
}
