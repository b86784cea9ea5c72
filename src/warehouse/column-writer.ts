import duckdb from '@duckdb/node-bindings';
import {
  ARRAY,
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  FLOAT,
  INTEGER,
  LIST,
  STRUCT,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { type ColumnChunk, ColumnVector } from '../core/column-chunk.ts';
import { StringHeap } from '../core/string-heap.ts';
import { type ColumnType, sqlType } from '../core/columns.ts';
import { LensError, messageOf } from '../core/errors.ts';
import { type PinnedHeap, pinHeap, slotsAreTrusted, slotsWithPointers } from './string-slots.ts';

export interface TableName {
  /** `temp` for a temporary table. */
  readonly catalog?: string | undefined;
  readonly schema?: string | undefined;
  readonly table: string;
}

/** How strings go in: 16-byte slots written by us, or one native call a string. */
export type StringPath = 'slots' | 'one by one';

/**
 * Appends chunks to a table (columns by position) inside the connection's open transaction, or in one of its own. The
 * chunks stay as they are and may be changed when the call returns. QUERY_FAILED with DuckDB's message and the table.
 */
export async function appendChunks(
  connection: DuckDBConnection,
  table: TableName,
  chunks: readonly ColumnChunk[],
  strings: StringPath = defaultStringPath(),
): Promise<void> {
  if (chunks.length === 0) return;
  try {
    const appender = await connection.createAppender(table.table, table.schema ?? null, table.catalog ?? null);
    try {
      for (const chunk of chunks) {
        if (chunk.rowCount === 0) continue;
        const target = dataChunkFor(chunk);
        pin.heap = fill(target, chunk, strings);
        appender.appendDataChunk(target);
        pin.heap = null;
      }
    } catch (error) {
      appender.clear();
      throw error;
    }
    appender.closeSync();
  } catch (error) {
    const name = [table.catalog, table.schema, table.table].filter((part) => part !== undefined).join('.');
    throw new LensError('QUERY_FAILED', `cannot append to ${name}: ${messageOf(error)}`, { cause: error });
  }
}

export function defaultStringPath(): StringPath {
  const trusted = slotsAreTrusted(() => new ColumnVector({ kind: 'varchar' }, new StringHeap()));
  return trusted ? 'slots' : 'one by one';
}

/** The memory that string slots point into, held here until DuckDB has copied it. */
const pin: { heap: PinnedHeap | null } = { heap: null };

/** DuckDB's side of a chunk, one for each list of types: filled and copied within one call, so sharing it is safe. */
const dataChunks = new Map<string, DuckDBDataChunk>();

function dataChunkFor(chunk: ColumnChunk): DuckDBDataChunk {
  const types = chunk.columns.map((column) => column.type);
  const signature = types.map(sqlType).join();
  let found = dataChunks.get(signature);
  if (found === undefined) {
    found = DuckDBDataChunk.create(types.map(duckdbType));
    dataChunks.set(signature, found);
  }
  return found;
}

function fill(target: DuckDBDataChunk, chunk: ColumnChunk, strings: StringPath): PinnedHeap | null {
  target.reset();
  target.rowCount = chunk.rowCount;
  const heap = strings === 'slots' ? pinHeap(chunk.heap) : null;
  chunk.columns.forEach((column, i) => {
    const vector = duckdb.data_chunk_get_vector(target.chunk, i);
    fillVector(vector, column, chunk.rowCount, heap, strings);
  });
  return heap;
}

function fillVector(
  vector: duckdb.Vector,
  column: ColumnVector,
  rows: number,
  heap: PinnedHeap | null,
  strings: StringPath,
): void {
  const { type } = column;
  if (type.kind === 'array') {
    if (column.hasChild) {
      const child = duckdb.array_vector_get_child(vector);
      fillVector(child, column.child, rows * type.length, heap, strings);
    }
  } else if (type.kind === 'struct') {
    column.parts.forEach((part, i) => {
      fillVector(duckdb.struct_vector_get_child(vector, i), part, rows, heap, strings);
    });
  } else if (type.kind === 'varchar' || type.kind === 'blob') {
    fillStrings(vector, column, rows, heap, strings);
  } else {
    duckdb.copy_data_to_vector(vector, 0, column.bytes.buffer, 0, rows * column.width);
  }
  if (type.kind === 'list' && column.childCount > 0) {
    duckdb.list_vector_reserve(vector, column.childCount);
    duckdb.list_vector_set_size(vector, column.childCount);
    fillVector(duckdb.list_vector_get_child(vector), column.child, column.childCount, heap, strings);
  }
  if (!column.allValid(rows)) {
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, column.validity.buffer, 0, Math.ceil(rows / 64) * 8);
  }
}

function fillStrings(
  vector: duckdb.Vector,
  column: ColumnVector,
  rows: number,
  heap: PinnedHeap | null,
  strings: StringPath,
): void {
  if (strings === 'slots') {
    const words = slotsWithPointers(column, rows, heap, scratchWords);
    duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, rows * 16);
    return;
  }
  for (let row = 0; row < rows; row++) {
    if (!column.isNull(row)) duckdb.vector_assign_string_element_len(vector, row, column.bytesAt(row));
  }
}

let scratch = new Int32Array(0);

function scratchWords(words: number): Int32Array<ArrayBuffer> {
  if (scratch.length < words) scratch = new Int32Array(words);
  return scratch;
}

function duckdbType(type: ColumnType): DuckDBType {
  switch (type.kind) {
    case 'bigint':
      return BIGINT;
    case 'integer':
      return INTEGER;
    case 'double':
      return DOUBLE;
    case 'float':
      return FLOAT;
    case 'varchar':
      return VARCHAR;
    case 'boolean':
      return BOOLEAN;
    case 'timestamp':
      return TIMESTAMP;
    case 'date':
      return DATE;
    case 'blob':
      return BLOB;
    case 'decimal':
      return DECIMAL(type.precision, type.scale);
    case 'list':
      return LIST(duckdbType(type.element));
    case 'array':
      return ARRAY(duckdbType(type.element), type.length);
    case 'struct':
      return STRUCT(Object.fromEntries(type.fields.map((field) => [field.name, duckdbType(field.type)])));
  }
}
