import type { Column } from '../core/columns.ts';

/** How records of a topic become rows (design, "Topics"). */
export type LandingMode = 'upsert' | 'patch' | 'append';

/** One topic as its folder `topics/NAME/` declares it. */
export interface TopicContract {
  readonly name: string;
  /** The raw table this topic feeds; a dbt source table of this name is fed by it. */
  readonly table: string;
  readonly mode: LandingMode;
  /** How values are written. `json`: JSON objects, and Avro as well. */
  readonly format: 'avro' | 'json';
  /** Fields that make the message key, in order. `patch`: the last one is the kind; empty only for `append`. */
  readonly key: readonly string[];
  /** Key columns of the raw table: those of `key`, without the kind in `patch`. */
  readonly tableKey: readonly string[];
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
  /** The raw table's columns in order; `patch` ends with `_kinds INTEGER`, a bit per kind present, in the order of `kinds`. */
  readonly columns: readonly Column[];
  /** `patch`: the columns each kind replaces, in declared order; otherwise empty. */
  readonly kinds: readonly TopicKind[];
  readonly checks: ReadonlyMap<string, FieldCheck>;
  /** Columns that are not called as their field, by the field: Avro's names are words, those of a file may be anything. */
  readonly columnNames: ReadonlyMap<string, string>;
  /** All schema versions, oldest first; the last is the reader's. */
  readonly versions: readonly SchemaVersion[];
  /** The folder, for messages. */
  readonly place: string;
}

export interface TopicKind {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface SchemaVersion {
  readonly version: number;
  /** The Avro schema as parsed JSON. */
  readonly schema: unknown;
  /** Its id in the wire format as the manifest says; null where a registry gives the ids. */
  readonly wireId: number | null;
}

/** Landing checks of one field; a record that fails one is a dead letter. */
export interface FieldCheck {
  /** Compared after trim and lower-case, unless `exact`. */
  readonly acceptedValues?: readonly string[];
  readonly exact?: boolean;
  /** Inclusive bounds; either may be missing. */
  readonly min?: number;
  readonly max?: number;
  /** Arrays: the exact number of elements, each finite. Makes the column a fixed-size ARRAY. */
  readonly length?: number;
  /** A nullable field that must be there all the same; in `patch`, in records of its kind. */
  readonly required?: boolean;
}

/** A record that could not become a row: kept with raw bytes, place and reason, and can be redriven. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [string, Uint8Array])[];
  /** Machine-readable: see `dead-letter-reasons.ts`. */
  readonly reasonCode: string;
  /** For people: which field, which value, what was expected. */
  readonly reason: string;
}
