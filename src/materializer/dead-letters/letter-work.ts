import { LensError, messageOf } from '../../core/errors.ts';
import type { Batch } from '../batch.ts';
import {
  type DeadLetterFilter,
  type LetterOperations,
  placeText,
  type RedriveRequest,
  type RedriveResult,
  type RedriveSummary,
} from './dead-letter-contract.ts';
import { purgeLetters } from './dead-letters.ts';
import type { LiveEdition } from '../live-edition.ts';
import type { MaterializerOptions } from '../materializer-options.ts';
import { tellFailures } from '../models/model-failed.ts';
import { RedriveWork } from './redrive.ts';
import type { Turns } from '../turns.ts';

/** What is done with dead letters, on the writing connection of the live edition. */
export class LetterWork implements LetterOperations {
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  readonly #writing: Turns;
  #refreshing = 0;

  constructor(options: MaterializerOptions, live: LiveEdition, writing: Turns) {
    this.#options = options;
    this.#live = live;
    this.#writing = writing;
  }

  async redrive(request: RedriveRequest, signal = new AbortController().signal): Promise<RedriveSummary> {
    const { log } = this.#options;
    const work = new RedriveWork({ log, catalog: this.#live.edition.catalog }, request, signal);
    await this.#live.read((connection) => work.prepare(connection));
    return this.#writing.take(async () => {
      this.#requireNoRefresh('a redrive');
      const { batch, results } = await this.#live.read((connection) => work.decide(connection));
      if (batch === null) return { letters: results, rowsChanged: 0 };
      try {
        return { letters: results, rowsChanged: await this.#apply(batch) };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return await this.#oneByOne(work, results, batch);
      }
    });
  }

  async #apply(batch: Batch): Promise<number> {
    const { rowsChanged, failed } = await this.#live.edition.applyAside(batch);
    tellFailures(failed, this.#options.onEvent);
    return rowsChanged;
  }

  /** A gate refuses some of the letters: those that it lets pass by themselves are redriven. */
  async #oneByOne(work: RedriveWork, results: readonly RedriveResult[], batch: Batch): Promise<RedriveSummary> {
    const refused = new Map<string, string>();
    let rowsChanged = 0;
    for (const letter of batch.letters ?? []) {
      try {
        rowsChanged += await this.#apply(await work.batchOf([letter]));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.set(placeText(letter), messageOf(error));
      }
    }
    const letters = results.map((result): RedriveResult => {
      const reason = refused.get(placeText(result));
      return reason === undefined ? result : { ...result, outcome: 'rejected', reasonCode: 'gate_failed', reason };
    });
    return { letters, rowsChanged };
  }

  purge(filter: DeadLetterFilter): Promise<{ purged: number }> {
    return this.#writing.take(async () => {
      this.#requireNoRefresh('a purge');
      return { purged: await this.#live.edition.write((connection) => purgeLetters(connection, filter)) };
    });
  }

  /** Work that takes the dead letters over into another edition, as they are when it begins: meanwhile they stay so. */
  async unchanged<T>(work: () => Promise<T>): Promise<T> {
    await this.#writing.take(async () => void this.#refreshing++);
    try {
      return await work();
    } finally {
      this.#refreshing--;
    }
  }

  #requireNoRefresh(what: string): void {
    if (this.#refreshing === 0) return;
    throw new LensError('WAREHOUSE_BUSY', `${what} has to wait for the full refresh under way`, {
      hint: 'ask again when it has swapped',
    });
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof LensError && error.code === 'GATE_REFUSED';
}
