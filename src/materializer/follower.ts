import { LensError } from '../core/errors.ts';
import type { PartitionOffsets } from '../log/event-log.ts';
import type { CheckpointPublisher } from './checkpoint-publisher.ts';
import type { Compactor } from './compactor.ts';
import { consume, type Consumed } from './consume.ts';
import { hasNewPartitions } from './find-partitions.ts';
import type { LiveEdition } from './live-edition.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import type { Turns } from './turns.ts';

/** Applies the log to the live edition, whichever that is, as it grows. */
export class Follower {
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  /** Of the writing connection. */
  readonly #turns: Turns;
  readonly #compactor: Compactor;
  readonly #publisher: CheckpointPublisher;
  #following: { restart: AbortController; ended: Promise<void> } | null = null;
  #failure: unknown = null;
  #held: Promise<unknown> = Promise.resolve();

  constructor(
    options: MaterializerOptions,
    live: LiveEdition,
    turns: Turns,
    compactor: Compactor,
    publisher: CheckpointPublisher,
  ) {
    this.#options = options;
    this.#live = live;
    this.#turns = turns;
    this.#compactor = compactor;
    this.#publisher = publisher;
  }

  get isFollowing(): boolean {
    return this.#following !== null;
  }

  /** Throws what following ended with. */
  throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Applies the log and compacts on the interval, until aborted; ends right after a commit. */
  async follow(signal: AbortSignal): Promise<void> {
    if (this.#following !== null) throw new LensError('INTERNAL', 'the warehouse is being followed already');
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const compacting = this.#compactor
      .onInterval(either, async () => {
        const { catalog } = this.#live.edition;
        if (await hasNewPartitions({ log: this.#options.log, catalog }, this.#live, either)) {
          this.#following?.restart.abort();
        }
      })
      .catch((error: unknown) => failed.abort(error));
    try {
      while (!either.aborted) {
        await this.#held;
        const restart = new AbortController();
        const ended = this.consume({ signal: AbortSignal.any([either, restart.signal]) }).then(() => undefined);
        this.#following = { restart, ended: ended.catch(() => undefined) };
        await ended;
      }
      if (failed.signal.aborted) throw failed.signal.reason;
      await this.#publisher.publishNow();
    } catch (error) {
      this.#failure = error;
      failed.abort(error);
      throw error;
    } finally {
      this.#following = null;
      await compacting;
    }
  }

  /** Stops following for the time of the work, which has the writing connection, then goes on from the edition there is then. */
  async hold(work: () => Promise<void>): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#held = done.promise;
    try {
      this.#following?.restart.abort();
      await this.#following?.ended;
      await this.#turns.take(work);
    } finally {
      done.resolve();
    }
  }

  /** Applies the log to the live edition until the ends are reached, or the signal is aborted. */
  consume(part: { signal: AbortSignal; until?: readonly PartitionOffsets[] }): Promise<Consumed> {
    const { edition } = this.#live;
    return consume(edition, {
      ...this.#options,
      ...part,
      catalog: edition.catalog,
      exclusive: (work) => this.#turns.take(work),
      onCommit: () => this.#publisher.committed(edition),
    });
  }
}
