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
      readonly milliseconds: number;
    }
  | { readonly kind: 'progress'; readonly label: string; readonly done: number; readonly total: number }
  | { readonly kind: 'swap'; readonly milliseconds: number }
  | { readonly kind: 'notice'; readonly message: string };

export type EventSink = (event: MaterializerEvent) => void;
