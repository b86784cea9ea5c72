import { messageOf } from '../core/errors.ts';
import type { EventLog } from '../log/event-log.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { EventSink } from './events.ts';
import type { LiveEdition } from './live-edition.ts';

/** How often at most the checkpoint is published to the group. */
const PUBLISH_EVERY_MS = 1000;

export interface PublisherOptions {
  readonly log: EventLog;
  /** The consumer group whose offsets tell lag tools where the checkpoint is. */
  readonly group: string;
  readonly onEvent: EventSink;
}

/** Tells lag tools where the checkpoint is, best effort: they may be a little behind, the warehouse's own never is. */
export class CheckpointPublisher {
  readonly #options: PublisherOptions;
  readonly #live: LiveEdition;
  #publishedAt = 0;

  constructor(options: PublisherOptions, live: LiveEdition) {
    this.#options = options;
    this.#live = live;
  }

  /** Publishes unless it was done within the last second; `now` always does. Never throws. */
  async publish(now = false): Promise<void> {
    if (!now && Date.now() - this.#publishedAt < PUBLISH_EVERY_MS) return;
    this.#publishedAt = Date.now();
    const { log, group, onEvent } = this.#options;
    try {
      const checkpoint = await this.#live.read(positions);
      await log.publishCheckpoint(
        group,
        checkpoint.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset })),
      );
    } catch (error) {
      onEvent({
        kind: 'notice',
        severity: 'warning',
        message: `the checkpoint could not be published: ${messageOf(error)}`,
      });
    }
  }
}

/** Where each partition is, as last committed. */
export function positions(connection: Connection): Promise<{ topic: string; partition: number; nextOffset: number }[]> {
  return connection.rows('select topic, partition, next_offset as "nextOffset" from lens.checkpoint');
}
