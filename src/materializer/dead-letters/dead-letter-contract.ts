/**
 * Dead letters as commands speak of them, also over the service's control port: bytes are base64 there.
 *
 * `open`: nothing came of the record. `redriven`: it counts, at its place, as the record that was given for it (its own
 * bytes, or edited ones). `superseded`: redriven when a newer record of its key had been applied, so that nothing follows from it.
 */
export type DeadLetterStatus = 'open' | 'redriven' | 'superseded';

/** Where a record is; what identifies a dead letter. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface DeadLetterFilter {
  readonly topic?: string | undefined;
  /** A reason code. */
  readonly reason?: string | undefined;
  readonly place?: RecordPlace | undefined;
  readonly status?: readonly DeadLetterStatus[] | undefined;
  /** Only those that were kept so long ago. */
  readonly olderThanSeconds?: number | undefined;
}

export interface RedriveRequest {
  readonly filter: DeadLetterFilter;
  /** In place of the bytes of the one dead letter that the filter names; null as value is a tombstone. */
  readonly edit?: { readonly keyBase64: string | null; readonly valueBase64: string | null } | undefined;
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean | undefined;
  /** Applies it over a newer record of its key. */
  readonly force?: boolean | undefined;
}

export interface RedriveResult extends RecordPlace {
  /** `rejected`: still no row; it stays open. `already`: it was redriven before, and nothing is done. */
  readonly outcome: 'redriven' | 'superseded' | 'rejected' | 'already';
  /** Of a rejection. */
  readonly reasonCode: string | null;
  readonly reason: string | null;
}

export interface RedriveSummary {
  readonly letters: readonly RedriveResult[];
  readonly rowsChanged: number;
}

/** What is done with dead letters. */
export interface LetterOperations {
  /** They count from now on as the records they should have been (redrive.ts). DEAD_LETTER_NOT_FOUND, WAREHOUSE_BUSY, USAGE. */
  redrive(request: RedriveRequest, signal?: AbortSignal): Promise<RedriveSummary>;
  /** Removes those that were not redriven. WAREHOUSE_BUSY. */
  purge(filter: DeadLetterFilter): Promise<{ readonly purged: number }>;
}

/** `topic/partition/offset`. */
export function placeText({ topic, partition, offset }: RecordPlace): string {
  return `${topic}/${partition}/${offset}`;
}
