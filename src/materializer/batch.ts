import type { TopicContract } from '../topics/topic-contract.ts';
import type { SealedBatch } from '../topics/topic-batch.ts';
import type { Position } from '../log/event-log.ts';
import type { BatchRecords } from './batch-records.ts';
import type { StoredLetter } from './dead-letters/dead-letters.ts';
import type { HeldRecord } from './gates/held-records.ts';
import type { SeedTable } from './seeds/seed-tables.ts';

/** What one transaction applies: the decoded records of each topic, and the positions after them. */
export interface Batch {
  readonly topics: readonly TopicRecords[];
  /** The next offset of every partition that moved. */
  readonly positions: readonly Position[];
  readonly records: number;
  /** Dead letters that the batch redrives, as they are with it. */
  readonly letters?: readonly StoredLetter[];
  /** Seeds that are loaded again. */
  readonly seeds?: readonly SeedTable[];
  /** Records between the positions after this batch and the ends of the log, over all partitions. */
  readonly lag: number;
  /** The records as they came; there where a gate may refuse the batch. */
  readonly kept?: BatchRecords;
  /** Records that gates hold back; they are in none of `topics`. */
  readonly held?: readonly HeldRecord[];
}

export interface TopicRecords {
  readonly contract: TopicContract;
  /** Good records, tombstones and dead letters. */
  readonly records: number;
  readonly sealed: SealedBatch;
}
