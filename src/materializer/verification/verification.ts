/** What `lens verify` is asked for and what it answers; both go over the service's control port as JSON. */
export interface VerifyOptions {
  /** Names of models; all when missing. MODEL_UNKNOWN_REF for one that the holder's project does not have. */
  readonly models?: readonly string[] | undefined;
  /**
   * `raw` (the default): each model against its SELECT over the tables it reads as they are stored. `log`: raw tables,
   * models and states against a replay of the log up to the checkpoint.
   */
  readonly from?: 'raw' | 'log' | undefined;
  /** Replays of the same records in so many other ways, too; the same seed over the same records gives the same ones. */
  readonly chaos?: { readonly replays: number; readonly seed: number } | undefined;
  /** Ends it before it is done; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

export interface VerifyProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface Verification {
  readonly from: 'raw' | 'log';
  /** `different` when any table or replay is. */
  readonly status: 'equal' | 'different';
  /** The warehouse's checkpoint that was pinned. */
  readonly checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[];
  readonly tables: readonly TableVerification[];
  /** Of the replays in other ways; null without. */
  readonly seed: number | null;
  readonly replays: readonly ReplayVerification[];
}

export interface TableVerification {
  /** The table, the model, or a model with one of its states in brackets behind it. */
  readonly name: string;
  readonly kind: 'raw' | 'model' | 'state';
  /** False for models that are compared only since selected ones are made from them. */
  readonly selected: boolean;
  readonly status: 'equal' | 'different' | 'not compared';
  /** Why it is not compared, or what else is to be known. */
  readonly reason: string | null;
  readonly rows: number;
  /** Records between the checkpoint at which it was compared, its own, and that of the warehouse. */
  readonly recordsBehind: number;
  /** Rows that are only stored, and rows that only the other side has. */
  readonly stored: number;
  readonly expected: number;
  /** Keys of some of them, as JSON. */
  readonly examples: readonly { readonly side: 'stored' | 'expected'; readonly key: string }[];
  /** Columns of doubles that are equal to 1e-9 of their value only: they were added up in another order. */
  readonly nearlyEqual: readonly string[];
}

/** One replay in another way. */
export interface ReplayVerification {
  /** From 1; with the seed and the checkpoint it says what the replay does. */
  readonly number: number;
  readonly status: 'equal' | 'different';
  /** Batches, and how many of them landed in bulk. */
  readonly batches: number;
  readonly bulkBatches: number;
  /** Pieces of partitions, in an order of their own. */
  readonly pieces: number;
  /** Records appended once more, and records that were delivered again and must be dropped. */
  readonly appendedAgain: number;
  readonly deliveredAgain: number;
  readonly restarts: number;
  readonly compactions: number;
  /** The tables that differ from those of the plain replay. */
  readonly tables: readonly TableVerification[];
  /** What was done, step by step, when a table differs; otherwise null. */
  readonly plan: readonly string[] | null;
}
