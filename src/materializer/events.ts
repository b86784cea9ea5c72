import type { FailedModel } from './operations.ts';

/** What the materializer tells while it works; the CLI prints it, the service logs it. */
export type MaterializerEvent =
  | {
      readonly kind: 'batch';
      /** `fold` kept the models in the batch's transaction; `bulk` only landed, the models follow in one rebuild. */
      readonly mode: 'fold' | 'bulk';
      readonly records: number;
      readonly deadLetters: number;
      /** Rows out plus rows in over all models. */
      readonly rowsChanged: number;
      readonly milliseconds: number;
      /** Records still between the checkpoint and the end of the log. */
      readonly lag: number;
      readonly topics: readonly { readonly topic: string; readonly records: number }[];
    }
  | {
      readonly kind: 'rebuild';
      readonly models: readonly string[];
      readonly reason: string;
      readonly milliseconds: number;
    }
  | {
      readonly kind: 'compaction';
      readonly full: boolean;
      readonly models: readonly {
        readonly name: string;
        readonly strategy: string;
        readonly rowsChanged: number;
        readonly rows: number;
      }[];
      /** Models that stay behind; each has had its `model-failed`. */
      readonly failed: readonly FailedModel[];
      readonly milliseconds: number;
    }
  /** A model's SQL failed on data, or it cannot be built at all; it is left behind with those that read it. */
  | { readonly kind: 'model-failed'; readonly model: string; readonly message: string }
  | { readonly kind: 'progress'; readonly label: string; readonly done: number; readonly total: number }
  | {
      readonly kind: 'swap';
      /** How long following was held. */
      readonly milliseconds: number;
      /** Of it the records that had come last; the rest closes files, changes names and opens them. */
      readonly lastRecordsMilliseconds: number;
    }
  /** The file of a seed was loaded because the warehouse was opened. */
  | { readonly kind: 'seed-loaded'; readonly seed: string; readonly message: string }
  /** `warning`: something went wrong that will be tried again. */
  | { readonly kind: 'notice'; readonly severity?: 'warning'; readonly message: string };

export type EventSink = (event: MaterializerEvent) => void;
