import { CHUNK_ROWS, type ColumnChunk } from '../core/column-chunk.ts';
import type { RecordBlock } from '../log/record-block.ts';
import { headersAt } from '../log/record-headers.ts';
import type { AvroValue } from './avro-values.ts';
import { BytesKeyIndex } from './bytes-key-index.ts';
import { ChunkPool } from './chunk-pool.ts';
import { Rejection } from './dead-letter-reasons.ts';
import { type KeyIndex, NEW_KEY } from './key-index.ts';
import { checkRecord, knownKind } from './landing-checks.ts';
import { badKey, checkKey, parseKey } from './message-key.ts';
import { readValues } from './record-reader.ts';
import type { RecordShape } from './record-shape.ts';
import type { DeadLetter, TopicContract } from './topic-contract.ts';
import { WholeKeyIndex } from './whole-key-index.ts';
import { wireIdOf } from './wire-format.ts';
import { writeValue } from './write-value.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** What a batch of one topic brings to its raw table. Its chunks belong to the batch until it is reset. */
export interface SealedBatch {
  /**
   * upsert and append: the contract's columns; patch: the table's key, the kind, then the columns of all kinds (null for
   * other kinds than the row's). In upsert and patch at most one row a message key, in no order.
   */
  readonly rows: readonly ColumnChunk[];
  readonly rowCount: number;
  /** Keys (patch: with the kind) whose last record is a tombstone. */
  readonly deletedKeys: readonly ColumnChunk[];
  readonly deletedCount: number;
  readonly deadLetters: readonly DeadLetter[];
}

/** Records of one topic on their way into columns; made by TopicCatalog.batch, used again after `reset`. */
export class TopicBatch {
  readonly contract: TopicContract;
  /** Records added since the last reset: good ones, tombstones and dead letters. */
  recordCount = 0;
  readonly #shape: RecordShape;
  readonly #schemas: WriterSchemas;
  readonly #keyed: boolean;
  readonly #rows: ChunkPool;
  readonly #deleted: ChunkPool;
  readonly #index: KeyIndex;
  /** By row (chunk number * CHUNK_ROWS + row in it): 1 where a later record of the key took its place. */
  #superseded = new Uint8Array(1 << 14);
  #supersededCount = 0;
  #tombstones: (readonly AvroValue[] | null)[] = [];
  #deadLetters: DeadLetter[] = [];

  constructor(shape: RecordShape, schemas: WriterSchemas) {
    this.contract = shape.contract;
    this.#shape = shape;
    this.#schemas = schemas;
    this.#keyed = shape.contract.mode !== 'append';
    this.#index = keyIndexOf(shape);
    this.#rows = new ChunkPool(shape.rowTypes);
    this.#deleted = new ChunkPool(shape.deletedTypes);
  }

  /** Decodes all records of a block; bad ones become dead letters with a copy of their bytes. */
  add(block: RecordBlock): void {
    this.addRange(block, 0, block.count);
  }

  /** Decodes records from .. to-1 of a block. */
  addRange(block: RecordBlock, from: number, to: number): void {
    this.recordCount += to - from;
    for (let i = from; i < to;) {
      const id = wireIdOf(block.bytes, block.valueStart[i] as number, block.valueLength[i] as number);
      const schema = id < 0 ? null : this.#schemas.get(id);
      const fast = schema !== null && 'fast' in schema ? schema.fast : null;
      let next = i;
      if (fast !== null) {
        const chunk = this.#rows.open();
        const row = chunk.rowCount;
        next = fast(block, i, to, chunk, id);
        if (this.#keyed) this.#indexRows(block, i, next, chunk, row);
      }
      if (next === i) this.#addExactly(block, next++);
      i = next;
    }
  }

  /** The batch's outcome; call once, then reset. */
  seal(): SealedBatch {
    if (this.#supersededCount > 0) this.#rows.drop(this.#superseded);
    for (const key of this.#tombstones) {
      if (key === null) continue;
      const chunk = this.#deleted.open();
      const row = chunk.rowCount++;
      this.#shape.key.forEach(({ type, name }, i) => {
        writeValue(chunk.columns[i] as ColumnChunk['columns'][number], row, type, key[i] as AvroValue, name);
      });
    }
    return {
      rows: this.#rows.filled(),
      rowCount: this.#rows.rowCount(),
      deletedKeys: this.#deleted.filled(),
      deletedCount: this.#deleted.rowCount(),
      deadLetters: this.#deadLetters,
    };
  }

  /** Forgets everything but keeps the memory. */
  reset(): void {
    this.recordCount = 0;
    this.#rows.reset();
    this.#deleted.reset();
    this.#index.clear();
    if (this.#supersededCount > 0) this.#superseded.fill(0);
    this.#supersededCount = 0;
    this.#tombstones = [];
    this.#deadLetters = [];
  }

  /** Records from .. to-1 of the block are rows firstRow .. of the open chunk. */
  #indexRows(block: RecordBlock, from: number, to: number, chunk: ColumnChunk, firstRow: number): void {
    const chunkStart = this.#rows.openNumber * CHUNK_ROWS;
    for (let i = from; i < to; i++) {
      const row = firstRow + i - from;
      const before = this.#index.putRow(block, i, chunk, row, chunkStart + row);
      if (before !== NEW_KEY) this.#supersede(before);
    }
  }

  /** A row by its number, or a tombstone by its number inverted. */
  #supersede(before: number): void {
    if (before < 0) {
      this.#tombstones[~before] = null;
      return;
    }
    if (before >= this.#superseded.length) {
      const wider = new Uint8Array(Math.max(this.#superseded.length * 2, before + 1));
      wider.set(this.#superseded);
      this.#superseded = wider;
    }
    this.#superseded[before] = 1;
    this.#supersededCount++;
  }

  #addExactly(block: RecordBlock, i: number): void {
    try {
      if ((block.valueLength[i] as number) < 0) this.#addTombstone(block, i);
      else this.#addRow(block, i);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      this.#deadLetters.push({
        topic: block.topic,
        partition: block.partition,
        offset: block.offset(i),
        timestamp: block.timestamp[i] as number,
        key: copyOf(block.bytes, block.keyStart[i] as number, block.keyLength[i] as number),
        value: copyOf(block.bytes, block.valueStart[i] as number, block.valueLength[i] as number),
        headers: headersAt(block, i),
        reasonCode: error.reasonCode,
        reason: error.message,
      });
    }
  }

  #addRow(block: RecordBlock, i: number): void {
    const { fields, key } = this.#shape;
    const values = readValues(
      this.#schemas,
      block.bytes,
      block.valueStart[i] as number,
      block.valueLength[i] as number,
    );
    checkRecord(this.#shape, values);
    if (key.length > 0) checkKey(key, keyOf(block, i), values, !this.#keyed);
    const chunk = this.#rows.open();
    const row = chunk.rowCount;
    const heapLength = chunk.heap.length;
    const listLengths = chunk.columns.map((column) => column.childCount);
    try {
      for (const { name, type, position } of fields) {
        const column = chunk.columns[position] as ColumnChunk['columns'][number];
        const value = values[name] as AvroValue;
        if (value === null) column.setNull(row);
        else writeValue(column, row, type, value, name);
      }
    } catch (error) {
      chunk.clearRow(row);
      chunk.heap.length = heapLength;
      chunk.columns.forEach((column, c) => (column.childCount = listLengths[c] as number));
      throw error;
    }
    chunk.rowCount++;
    if (this.#keyed) this.#indexRows(block, i, i + 1, chunk, row);
  }

  #addTombstone(block: RecordBlock, i: number): void {
    if (!this.#keyed) throw new Rejection('null_value', 'the record has no value, and mode append deletes nothing');
    const bytes = keyOf(block, i);
    if (bytes === null) throw new Rejection('missing_key', 'the record has neither key nor value');
    const key = parseKey(this.#shape.key, bytes);
    if (key === null) throw badKey(this.#shape.key, bytes);
    if (this.contract.mode === 'patch') knownKind(this.contract.kinds, key.at(-1) as string);
    const number = this.#tombstones.push(key) - 1;
    const before = this.#index.putTombstone(bytes, key, ~number);
    if (before !== NEW_KEY) this.#supersede(before);
  }
}

/** The key's bytes where they are, or null. */
function keyOf(block: RecordBlock, i: number): Uint8Array | null {
  const start = block.keyStart[i] as number;
  const length = block.keyLength[i] as number;
  return length < 0 ? null : block.bytes.subarray(start, start + length);
}

/** A copy, also where the block's bytes are a Buffer, whose own slice is a view. */
function copyOf(bytes: Uint8Array, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : Uint8Array.prototype.slice.call(bytes, start, start + length);
}

/** The index that suits a topic's key: of one whole number by its value, of anything else by its bytes. */
function keyIndexOf({ key }: RecordShape): KeyIndex {
  const [only] = key;
  const kind = only?.column.type.kind;
  if (key.length !== 1 || only === undefined || (kind !== 'bigint' && kind !== 'integer')) return new BytesKeyIndex();
  return new WholeKeyIndex(only.position, kind === 'bigint');
}
