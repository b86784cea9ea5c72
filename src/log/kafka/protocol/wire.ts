/**
 * Kafka's wire types (https://kafka.apache.org/protocol#protocol_types): big-endian integers, strings and arrays with
 * their length before them. The compact ones are those of "flexible" versions: length + 1 as unsigned varint, 0 for
 * null, and a section of tagged fields (always empty when we write, mostly skipped when we read) at the end of each structure.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(256);
  #size = 0;

  /** What was written; shares memory with the writer. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int8(value: number): this {
    this.#size = this.#room(1).writeInt8(value, this.#size);
    return this;
  }

  int16(value: number): this {
    this.#size = this.#room(2).writeInt16BE(value, this.#size);
    return this;
  }

  int32(value: number): this {
    this.#size = this.#room(4).writeInt32BE(value, this.#size);
    return this;
  }

  int64(value: number | bigint): this {
    this.#size = this.#room(8).writeBigInt64BE(BigInt(value), this.#size);
    return this;
  }

  uvarint(value: number): this {
    const buffer = this.#room(5);
    let rest = value;
    while (rest > 127) {
      buffer[this.#size++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[this.#size++] = rest;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length).set(bytes, this.#size);
    this.#size += bytes.length;
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.from(value);
    return this.int16(bytes.length).raw(bytes);
  }

  compactString(value: string | null): this {
    if (value === null) return this.uvarint(0);
    const bytes = Buffer.from(value);
    return this.uvarint(bytes.length + 1).raw(bytes);
  }

  array<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.int32(items === null ? -1 : items.length);
    for (const item of items ?? []) write(item);
    return this;
  }

  compactArray<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.uvarint(items === null ? 0 : items.length + 1);
    for (const item of items ?? []) write(item);
    return this;
  }

  noTags(): this {
    return this.uvarint(0);
  }

  #room(bytes: number): Buffer {
    if (this.#size + bytes > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#size + bytes, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#size);
      this.#buffer = grown;
    }
    return this.#buffer;
  }
}

const NO_TAGS: ReadonlyMap<number, Buffer> = new Map();

/** Reads what {@link WireWriter} describes; running over the end is a RangeError of Buffer's. */
export class WireReader {
  readonly bytes: Buffer;
  /** Where the next read starts. */
  position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#advance(4));
  }

  /** Offsets and timestamps: exact to 2^53. */
  int64(): number {
    return Number(this.bigint64());
  }

  bigint64(): bigint {
    return this.bytes.readBigInt64BE(this.#advance(8));
  }

  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes.readUInt8(this.#advance(1));
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  /** A view of the next bytes, not a copy. */
  raw(length: number): Buffer {
    const start = this.#advance(length);
    if (this.position > this.bytes.length) throw new RangeError(`${length} bytes expected at ${start}`);
    return this.bytes.subarray(start, this.position);
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.raw(length).toString();
  }

  compactString(): string | null {
    const length = this.uvarint() - 1;
    return length < 0 ? null : this.raw(length).toString();
  }

  array<T>(read: () => T): T[] {
    return this.#items(this.int32(), read);
  }

  compactArray<T>(read: () => T): T[] {
    return this.#items(this.uvarint() - 1, read);
  }

  skipTags(): void {
    this.tags();
  }

  /** The tagged fields at the end of a structure, by tag. */
  tags(): ReadonlyMap<number, Buffer> {
    const count = this.uvarint();
    if (count === 0) return NO_TAGS;
    const tags = new Map<number, Buffer>();
    for (let left = count; left > 0; left--) tags.set(this.uvarint(), this.raw(this.uvarint()));
    return tags;
  }

  #items<T>(count: number, read: () => T): T[] {
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  #advance(bytes: number): number {
    const start = this.position;
    this.position += bytes;
    return start;
  }
}
