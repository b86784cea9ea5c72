/** What `lens why` asks: the records behind rows of a model, a view or a raw table. */
export interface WhyQuestion {
  /** A model's name, a raw table's, or `SOURCE.TABLE`. */
  readonly table: string;
  /** Values of the key's columns in their order, or any columns by name; in JSON's forms, or as the texts of a command line. */
  readonly key: readonly unknown[] | Readonly<Record<string, unknown>>;
  /** At most so many rows of each table are named, with their records; 0 for all. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WhyAnswer {
  /** The rows asked for, and below them what they follow from. */
  readonly table: WhyTable;
  /** For people: which log the records are in. */
  readonly log: string;
}

/** Rows of one table; in its `inputs` the rows that they follow from. */
export interface WhyTable {
  readonly name: string;
  readonly kind: 'model' | 'view' | 'raw table' | 'seed';
  /** The topic of a raw table; null for others. */
  readonly topic: string | null;
  /** How many rows there are, named or not. */
  readonly total: number;
  /** The columns by which they belong to the rows above; empty for the rows asked for and where all rows do. */
  readonly by: readonly string[];
  /** Why all rows of the table belong to those above, for people; then none is named. Otherwise null. */
  readonly whole: string | null;
  /** All of its rows were named above already, with what they follow from, so that they are not again. */
  readonly above: boolean;
  /** The first `limit` rows, by their key; a key of several rows is named once. */
  readonly rows: readonly WhyRow[];
  /** How many more could be named. */
  readonly more: number;
  /** Records that are applied to the warehouse and not to this model yet: its inputs may be newer than its rows. */
  readonly recordsBehind: number;
  /** Why the model is not kept at the moment, or `catching up`; null when it is. */
  readonly problem: string | null;
  readonly inputs: readonly WhyTable[];
}

export interface WhyRow {
  /** Values by the columns that tell the row from others; of a table without a key all of them. */
  readonly key: Readonly<Record<string, unknown>>;
  /** All values: of the rows asked for. */
  readonly row?: Readonly<Record<string, unknown>>;
  /** How many rows are the same: in tables that only grow, whose rows have no identity. */
  readonly copies?: number;
  /** Of a raw table's row: the records it was made from, as the log holds them. */
  readonly records?: readonly WhyRecord[];
  /** Of a raw table's row: records that the log no longer holds, by message key where there is one. */
  readonly gone?: readonly (string | null)[];
  /** Of a seed's row: `FILE:LINE`, as the file is now. */
  readonly lines?: readonly string[];
}

export interface WhyRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** ISO 8601 in UTC; null for a record without one. */
  readonly timestamp: string | null;
  /** The message key's text. */
  readonly key: string | null;
}
