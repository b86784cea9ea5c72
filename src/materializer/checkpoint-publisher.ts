import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { Edition } from './edition.ts';
import type { EventSink } from './events.ts';
import type { LiveEdition } from './live-edition.ts';

/** How often at most the checkpoint is published to the group. */
const PUBLISH_EVERY_MS = 1000;
/** After a publish that failed: the log has been patient already, and what it refuses it will refuse again. */
const TRY_AGAIN_MS = 30_000;
/** Who stops waits no longer than this for a log that does not answer: the warehouse's own checkpoint is safe. */
const LAST_WAIT_MS = 2000;

export interface PublisherOptions {
  readonly log: EventLog;
  /** The consumer group whose offsets tell lag tools where the checkpoint is. */
  readonly group: string;
  readonly onEvent: EventSink;
}

/**
 * Tells lag tools where the checkpoint is, best effort: they may be a second behind, the warehouse's own never is. One
 * publish is under way at a time, so that none overwrites a newer one.
 */
export class CheckpointPublisher implements Disposable {
  readonly #options: PublisherOptions;
  readonly #live: LiveEdition;
  /** Not before this time. */
  #nextAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #publishing: Promise<void> | null = null;
  /** Something was committed since the publish under way read the checkpoint. */
  #behind = false;
  #closed = false;

  constructor(options: PublisherOptions, live: LiveEdition) {
    this.#options = options;
    this.#live = live;
  }

  /** After a commit to the edition: the position it leads to, or a later one, is published within about a second. */
  committed(edition: Edition): void {
    if (edition !== this.#live.edition || this.#closed) return;
    this.#behind = true;
    this.#schedule();
  }

  /** Publishes the checkpoint as it is; gives up after two seconds. Never throws. */
  async publishNow(): Promise<void> {
    this.#behind = true;
    const late = new AbortController();
    const inTime = sleep(LAST_WAIT_MS, 'late', { signal: late.signal }).catch(() => 'in time');
    const done = (async () => {
      await this.#publishing;
      // Whoever waited for the same one has done it already.
      if (this.#behind) await this.#publish();
    })();
    if ((await Promise.race([done, inTime])) === 'late') {
      this.#notice(`the log did not answer within ${LAST_WAIT_MS / 1000} s`);
    }
    late.abort();
  }

  /** No publish starts from now on. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#publishing !== null) return;
    const wait = Math.max(0, this.#nextAt - Date.now());
    this.#timer = setTimeout(() => void this.#publish(), wait).unref();
  }

  #publish(): Promise<void> {
    this.#publishing ??= this.#publishLatest().finally(() => {
      this.#publishing = null;
      if (this.#behind && !this.#closed) this.#schedule();
    });
    return this.#publishing;
  }

  async #publishLatest(): Promise<void> {
    const { log, group } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#nextAt = Date.now() + PUBLISH_EVERY_MS;
    this.#behind = false;
    try {
      const checkpoint = await this.#live.read(positions);
      await log.publishCheckpoint(
        group,
        checkpoint.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset })),
      );
    } catch (error) {
      this.#behind = true;
      this.#nextAt = Date.now() + TRY_AGAIN_MS;
      if (!this.#closed) this.#notice(messageOf(error));
    }
  }

  #notice(why: string): void {
    this.#options.onEvent({
      kind: 'notice',
      severity: 'warning',
      message: `the checkpoint could not be published: ${why}`,
    });
  }
}

/** Where each partition is, as last committed. */
export function positions(connection: Connection): Promise<{ topic: string; partition: number; nextOffset: number }[]> {
  return connection.rows('select topic, partition, next_offset as "nextOffset" from lens.checkpoint');
}
