import type { LensError } from '../../core/errors.ts';
import type { LogReading } from '../../log/event-log.ts';
import type { StoredLetter } from '../dead-letters/dead-letters.ts';
import type { Edition, EditionOptions } from '../edition.ts';
import type { MaterializerOptions } from '../materializer-options.ts';

/** What a next edition is made with; the project may be another one than the live edition's. */
export interface NextEditionOptions extends EditionOptions, Pick<MaterializerOptions, 'dataDir' | 'batch' | 'bulk'> {
  readonly log: LogReading;
  /** Those of the live edition that something was decided of. */
  readonly letters: readonly StoredLetter[];
  /** Seeds that the live edition is without, too: any other one that cannot be loaded is an error. */
  readonly broken: ReadonlyMap<string, LensError>;
  readonly signal: AbortSignal;
  /** How far a piece of work is, in records; not told of work that lands none. */
  readonly onProgress?: ((progress: EditionProgress) => void) | undefined;
}

export interface EditionProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

/** What a next edition begins with. */
export type EditionOrigin =
  /**
   * Nothing: raw tables and models come from the log alone. What gates held back of it in the edition `decided` stays out, as long as
   * they are what they were.
   */
  | { readonly from: 'log'; readonly decided?: Edition | undefined }
  /**
   * A copy of the live edition's file. The raw tables stay; the models named, what the project has changed, and the stored models that
   * read any of them are rebuilt from them.
   */
  | { readonly from: 'live'; readonly live: Edition; readonly rebuild: readonly string[] }
  /** An edition that was kept: its file is left where it is when it does not take over. */
  | { readonly from: 'kept'; readonly file: string; readonly number: number };

export interface Advance {
  /** Lands alone, and builds every model at the end. */
  readonly bulk?: boolean;
  /** False: models kept by compaction are left at the checkpoint that they have. */
  readonly compaction?: boolean;
}
