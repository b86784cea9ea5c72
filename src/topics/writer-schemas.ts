import { messageOf } from '../core/errors.ts';
import { type ColumnDecoder, columnDecoder } from './column-decoder.ts';
import { ValueReader } from './avro-values.ts';
import { JsonValues } from './json-values.ts';
import type { DeadLetterReason } from './dead-letter-reasons.ts';
import type { RecordShape } from './record-shape.ts';

/** Where schema ids are looked up: the manifest or what was fetched from a registry. */
export type SchemaLookup = (topic: string, id: number) => { readonly schema: unknown } | { readonly unknown: string };

/** How records of one schema id are read: fast where generated code covers it, exact always. */
export interface WriterSchema {
  readonly fast: ColumnDecoder | null;
  readonly exact: ValueReader;
}

export interface Unreadable {
  readonly reasonCode: DeadLetterReason;
  readonly reason: string;
}

/** The decoders of one topic by schema id, made when an id is first met. */
export class WriterSchemas {
  readonly #shape: RecordShape;
  readonly #lookUp: SchemaLookup;
  /** Reads values that are JSON; null where they may not be. */
  readonly json: JsonValues | null;
  readonly #byId = new Map<number, WriterSchema | Unreadable>();

  constructor(shape: RecordShape, lookUp: SchemaLookup) {
    this.#shape = shape;
    this.#lookUp = lookUp;
    this.json = shape.contract.format === 'json' ? new JsonValues(shape) : null;
  }

  get(id: number): WriterSchema | Unreadable {
    let found = this.#byId.get(id);
    if (found === undefined) {
      found = this.#make(id);
      this.#byId.set(id, found);
    }
    return found;
  }

  #make(id: number): WriterSchema | Unreadable {
    const { contract } = this.#shape;
    const found = this.#lookUp(contract.name, id);
    if ('unknown' in found) return { reasonCode: 'unknown_schema', reason: found.unknown };
    try {
      const exact = new ValueReader(found.schema, contract.versions.at(-1)?.schema);
      return { exact, fast: columnDecoder(this.#shape, exact.writer) };
    } catch (error) {
      return { reasonCode: 'unreadable_schema', reason: `schema id ${id}: ${messageOf(error)}` };
    }
  }
}
