import type { EventLog } from '../log/event-log.ts';
import type { TopicCatalog } from '../topics/catalog.ts';

/** What every ingest script works with. It publishes to topics by their contracts and never writes a table. */
export interface IngestContext {
  readonly log: EventLog;
  readonly catalog: TopicCatalog;
  /** Aborted: what was begun is flushed, and the summary says `stopped`. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with how much is done; `total` is null where it is not known. */
  readonly onProgress?: ((label: string, done: number, total: number | null) => void) | undefined;
}

/** What one ingest script did. */
export interface IngestSummary {
  readonly topic: string;
  /** Records published, versions and tombstones included. */
  readonly records: number;
  readonly milliseconds: number;
  /** What a person should know: rows left out and why, repeated names. */
  readonly notes: readonly string[];
  /** True when the signal ended it before its end. */
  readonly stopped: boolean;
}

/**
 * The moment the shipped histories start from, 2026-10-01T00:00:00Z in milliseconds. Fixed, so that the same seed gives the
 * same bytes on every day and machine; `startAt` moves it.
 */
export const DEFAULT_START_AT = Date.UTC(2026, 9, 1);
