import { type ColumnType, sqlType, widthOf } from './columns.ts';
import { LensError } from './errors.ts';
import { StringHeap } from './string-heap.ts';

/** Rows of a full chunk: DuckDB's vector size. */
export const CHUNK_ROWS = 2048;

/** A chunk whose long strings pass this is closed early: places in the heap are 32-bit numbers. */
export const CHUNK_HEAP_LIMIT = 64 << 20;

/**
 * One column of a chunk in DuckDB's own vector layout (little endian):
 *
 * - BIGINT, TIMESTAMP, DOUBLE, DECIMAL(10..18): 8 bytes a row; INTEGER, DATE, FLOAT, DECIMAL(5..9): 4; DECIMAL(1..4): 2;
 *   DECIMAL(19..38): 16; BOOLEAN: 1
 * - VARCHAR, BLOB: a slot of 16 bytes: int32 length, then up to 12 bytes of text padded with zeros; a longer text has its
 *   first 4 bytes there, then its place in the chunk's heap (DuckDB has a pointer; the column writer puts it in)
 * - LIST: 16 bytes: start and count (64-bit each) in `child`; ARRAY: nothing, row r is `child` from r * length
 * - STRUCT: nothing, row r is row r of each of `parts`
 *
 * A validity bit of 1 means "not null". Slots of null strings are zero.
 */
export class ColumnVector {
  readonly type: ColumnType;
  /** Bytes a row; 0 for ARRAY and STRUCT. */
  readonly width: number;
  readonly heap: StringHeap;
  /** The fields of a STRUCT. */
  readonly parts: readonly ColumnVector[];
  readonly #childType: ColumnType | null;
  #child: ColumnVector | null = null;
  #capacity: number;
  /** The same memory in several views. */
  bytes: Uint8Array<ArrayBuffer>;
  words: Int32Array<ArrayBuffer>;
  longs: BigInt64Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  validity: Int32Array<ArrayBuffer>;
  /** LIST: elements in `child` so far. */
  childCount = 0;
  #hadNull = false;

  constructor(type: ColumnType, heap: StringHeap, capacity: number = CHUNK_ROWS) {
    this.type = type;
    this.width = widthOf(type);
    this.heap = heap;
    this.parts = type.kind === 'struct' ? type.fields.map((field) => new ColumnVector(field.type, heap, capacity)) : [];
    this.#childType = type.kind === 'list' || type.kind === 'array' ? type.element : null;
    this.#capacity = Math.ceil(capacity / 64) * 64;
    this.bytes = new Uint8Array(this.width * this.#capacity);
    this.words = new Int32Array(this.bytes.buffer);
    this.longs = new BigInt64Array(this.bytes.buffer);
    this.view = new DataView(this.bytes.buffer);
    this.validity = new Int32Array(this.#capacity / 32).fill(-1);
  }

  /** Elements of a LIST or ARRAY, made when first needed: a chunk without an embedding holds no room for one. */
  get child(): ColumnVector {
    if (this.#child === null) {
      if (this.#childType === null) throw new LensError('INTERNAL', `${sqlType(this.type)} has no elements`);
      const capacity = this.type.kind === 'array' ? this.#capacity * this.type.length : CHUNK_ROWS;
      this.#child = new ColumnVector(this.#childType, this.heap, capacity);
    }
    return this.#child;
  }

  /** Whether any element was ever written, so that `child` is worth copying. */
  get hasChild(): boolean {
    return this.#child !== null;
  }

  /** Makes room for rows 0 .. rows-1, keeping what is there (elements of lists grow). */
  ensure(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.ceil(Math.max(rows, this.#capacity * 2) / 64) * 64;
    const bytes = new Uint8Array(this.width * this.#capacity);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer);
    this.longs = new BigInt64Array(bytes.buffer);
    this.view = new DataView(bytes.buffer);
    const validity = new Int32Array(this.#capacity / 32).fill(-1);
    validity.set(this.validity);
    this.validity = validity;
    if (this.type.kind === 'array') this.#child?.ensure(this.#capacity * this.type.length);
    for (const part of this.parts) part.ensure(this.#capacity);
  }

  isNull(row: number): boolean {
    return ((this.validity[row >> 5] as number) & (1 << (row & 31))) === 0;
  }

  /** Whether rows 0 .. rows-1 are all there. */
  allValid(rows: number): boolean {
    const whole = rows >> 5;
    for (let w = 0; w < whole; w++) if (this.validity[w] !== -1) return false;
    const rest = rows & 31;
    const mask = (1 << rest) - 1;
    return rest === 0 || ((this.validity[whole] as number) & mask) === mask;
  }

  setValid(row: number): void {
    const w = row >> 5;
    this.validity[w] = (this.validity[w] as number) | (1 << (row & 31));
  }

  setNull(row: number): void {
    const w = row >> 5;
    this.validity[w] = (this.validity[w] as number) & ~(1 << (row & 31));
    this.#hadNull = true;
    if (this.type.kind === 'array') this.#child?.clear(row * this.type.length, this.type.length);
    else this.bytes.fill(0, row * this.width, (row + 1) * this.width);
    for (const part of this.parts) part.setNull(row);
  }

  /** Makes rows from .. from+count-1 zero and not null: DuckDB copies elements even where nothing refers to them. */
  clear(from: number, count: number): void {
    this.bytes.fill(0, from * this.width, (from + count) * this.width);
    if (this.#hadNull) for (let row = from; row < from + count; row++) this.setValid(row);
    if (this.type.kind === 'array') this.#child?.clear(from * this.type.length, count * this.type.length);
    for (const part of this.parts) part.clear(from, count);
  }

  setBoolean(row: number, value: boolean): void {
    this.bytes[row] = value ? 1 : 0;
  }

  /** INTEGER or DATE (days since 1970). */
  setInt32(row: number, value: number): void {
    this.words[row] = value;
  }

  /** BIGINT or TIMESTAMP (microseconds since 1970). */
  setInt64(row: number, value: bigint): void {
    this.longs[row] = value;
  }

  setFloat(row: number, value: number): void {
    this.view.setFloat32(row * 4, value, true);
  }

  setDouble(row: number, value: number): void {
    this.view.setFloat64(row * 8, value, true);
  }

  /** DECIMAL: the value times 10^scale; the caller has checked that it fits the precision. */
  setUnscaled(row: number, value: bigint): void {
    if (this.width === 2) this.view.setInt16(row * 2, Number(value), true);
    else if (this.width === 4) this.words[row] = Number(value);
    else if (this.width === 8) this.longs[row] = value;
    else {
      this.longs[row * 2] = BigInt.asIntN(64, value);
      this.longs[row * 2 + 1] = value >> 64n;
    }
  }

  /** VARCHAR (UTF-8) or BLOB; the bytes are copied. */
  setBytes(row: number, value: Uint8Array): void {
    const at = row * 16;
    this.bytes.fill(0, at, at + 16);
    this.words[row * 4] = value.length;
    if (value.length <= 12) {
      this.bytes.set(value, at + 4);
      return;
    }
    this.bytes.set(value.subarray(0, 4), at + 4);
    const heap = this.heap.reserve(value.length);
    heap.set(value, this.heap.length);
    this.words[row * 4 + 2] = this.heap.length;
    this.heap.length += value.length;
  }

  /** The bytes of a string row: a view, valid until the chunk changes. */
  bytesAt(row: number): Uint8Array {
    const length = this.words[row * 4] as number;
    if (length <= 12) return this.bytes.subarray(row * 16 + 4, row * 16 + 4 + length);
    const start = this.words[row * 4 + 2] as number;
    return this.heap.bytes.subarray(start, start + length);
  }

  /**
   * Starts the elements of row `row` and returns the index of the first one in `child`; the caller writes `count` of
   * them from there. For an ARRAY the count must be its length.
   */
  setElements(row: number, count: number): number {
    if (this.type.kind === 'array') {
      const first = row * this.type.length;
      this.child.ensure(first + this.type.length);
      this.child.clear(first, this.type.length);
      return first;
    }
    const start = this.childCount;
    this.words[row * 4] = start;
    this.words[row * 4 + 1] = 0;
    this.words[row * 4 + 2] = count;
    this.words[row * 4 + 3] = 0;
    this.childCount += count;
    this.child.ensure(this.childCount);
    this.child.clear(start, count);
    return start;
  }

  /** Copies row `from` over row `to`. */
  moveRow(from: number, to: number): void {
    const { width } = this;
    if (this.type.kind === 'array') {
      const { length } = this.type;
      for (let i = 0; i < length; i++) this.#child?.moveRow(from * length + i, to * length + i);
    } else if (width < 4) this.bytes.copyWithin(to * width, from * width, (from + 1) * width);
    else {
      const words = width / 4;
      for (let w = 0; w < words; w++) this.words[to * words + w] = this.words[from * words + w] as number;
    }
    for (const part of this.parts) part.moveRow(from, to);
    if (this.isNull(from)) this.validity[to >> 5] = (this.validity[to >> 5] as number) & ~(1 << (to & 31));
    else this.setValid(to);
  }

  reset(): void {
    this.validity.fill(-1);
    this.#hadNull = false;
    this.childCount = 0;
    this.#child?.reset();
    for (const part of this.parts) part.reset();
  }
}

/** Up to {@link CHUNK_ROWS} rows of one table, one vector a column, columns by position. */
export class ColumnChunk {
  readonly columns: readonly ColumnVector[];
  readonly heap: StringHeap;
  rowCount = 0;

  /** @param shared columns over another chunk's memory, instead of new ones of the given types */
  constructor(types: readonly ColumnType[], shared?: { columns: readonly ColumnVector[]; heap: StringHeap }) {
    this.heap = shared?.heap ?? new StringHeap();
    this.columns = shared?.columns ?? types.map((type) => new ColumnVector(type, this.heap));
  }

  /** The columns at the given places alone, over the same memory: a view, valid until the chunk changes. */
  project(places: readonly number[]): ColumnChunk {
    const columns = places.map((place) => this.columns[place] as ColumnVector);
    const view = new ColumnChunk([], { columns, heap: this.heap });
    view.rowCount = this.rowCount;
    return view;
  }

  get isFull(): boolean {
    return this.rowCount === CHUNK_ROWS || this.heap.length >= CHUNK_HEAP_LIMIT;
  }

  /** Undoes what was written to a row that is not counted yet: all its values become "not null" again. */
  clearRow(row: number): void {
    for (const column of this.columns) column.setValid(row);
  }

  /**
   * Drops the rows marked with 1; rows from the end take their places, so that few are moved. Texts and list elements
   * of dropped rows stay where they are, unreferenced.
   */
  drop(marks: Uint8Array): void {
    let end = this.rowCount;
    for (let row = 0; row < end; row++) {
      if (marks[row] !== 1) continue;
      do end--;
      while (end > row && marks[end] === 1);
      if (end > row) for (const column of this.columns) column.moveRow(end, row);
    }
    this.rowCount = end;
  }

  reset(): void {
    this.rowCount = 0;
    this.heap.length = 0;
    for (const column of this.columns) column.reset();
  }
}
