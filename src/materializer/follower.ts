import { LensError } from '../core/errors.ts';
import type { PartitionOffsets } from '../log/event-log.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CheckpointPublisher, positions } from './checkpoint-publisher.ts';
import type { Compactor } from './compactor.ts';
import { consume, type Consumed } from './consume.ts';
import { hasNewPartitions } from './find-partitions.ts';
import type { LiveHooks } from './hooks/live-hooks.ts';
import type { LiveEdition } from './live-edition.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import { appliedRecords, lagRows } from './status/status.ts';
import type { Turns } from './turns.ts';

/** Applies the log to the live edition, whichever that is, as it grows. */
export class Follower {
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  /** Of the writing connection. */
  readonly #turns: Turns;
  readonly #compactor: Compactor;
  readonly #publisher: CheckpointPublisher;
  readonly #hooks: LiveHooks;
  #following: { restart: AbortController; ended: Promise<void> } | null = null;
  #failure: unknown = null;
  #held: Promise<unknown> = Promise.resolve();

  constructor(
    options: MaterializerOptions,
    live: LiveEdition,
    turns: Turns,
    compactor: Compactor,
    publisher: CheckpointPublisher,
    hooks: LiveHooks,
  ) {
    this.#hooks = hooks;
    this.#options = options;
    this.#live = live;
    this.#turns = turns;
    this.#compactor = compactor;
    this.#publisher = publisher;
  }

  get isFollowing(): boolean {
    return this.#following !== null;
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
    // At once: whoever asks for a run from now on leaves the log to this.
    const before = this.#hooks.begin().then(() => this.#hooks.due());
    try {
      while (!either.aborted) {
        await this.#held;
        const restart = new AbortController();
        const signal = AbortSignal.any([either, restart.signal]);
        const ended = before.then(() => this.consume({ signal })).then(() => undefined);
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

  /**
   * Applies the log up to the end offsets it has now; whoever follows it already does the work, if there is one. Ends at
   * a commit before that when the signal is aborted.
   */
  async catchUp(signal = new AbortController().signal): Promise<Consumed> {
    const ends = await this.#options.log.offsets(this.#live.edition.catalog.contracts.map(({ name }) => name));
    if (!this.isFollowing) {
      const consumed = await this.consume({ signal, until: ends });
      await this.#publisher.publishNow();
      return consumed;
    }
    const before = await this.#live.read(appliedRecords);
    while (!signal.aborted && !(await this.#reached(ends))) {
      if (this.#failure !== null) throw this.#failure;
      await sleep(20);
    }
    const after = await this.#live.read(appliedRecords);
    return { batches: 0, records: after.records - before.records, deadLetters: after.deadLetters - before.deadLetters };
  }

  async #reached(ends: readonly PartitionOffsets[]): Promise<boolean> {
    const checkpoint = await this.#live.read(positions);
    return lagRows('', ends, checkpoint).every((row) => row.lag === 0);
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
      // A command runs them in its own order.
      ...(part.until === undefined ? { onRebuilt: () => this.#hooks.due() } : {}),
    });
  }
}
