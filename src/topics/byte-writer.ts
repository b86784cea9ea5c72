const SLAB = 1 << 16;

/** A growing buffer with Avro's and plain writes. */
export class ByteWriter {
  length = 0;
  #bytes = Buffer.allocUnsafe(1 << 12);
  /** Small results share one piece of memory: a piece each costs more than encoding. */
  #slab = new Uint8Array(0);
  #slabUsed = 0;

  /** A copy of what was written since `reset`. */
  take(): Uint8Array {
    const { length } = this;
    if (length > SLAB / 16) return new Uint8Array(this.#bytes.subarray(0, length));
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB);
      this.#slabUsed = 0;
    }
    const result = this.#slab.subarray(this.#slabUsed, this.#slabUsed + length);
    this.#slabUsed += length;
    const from = this.#bytes;
    if (length > 200) result.set(from.subarray(0, length));
    else for (let i = 0; i < length; i++) result[i] = from[i] as number;
    return result;
  }

  reset(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.length++] = value;
  }

  int32BigEndian(value: number): void {
    this.#room(4);
    this.length = this.#bytes.writeInt32BE(value, this.length);
  }

  float(value: number): void {
    this.#room(4);
    this.length = this.#bytes.writeFloatLE(value, this.length);
  }

  double(value: number): void {
    this.#room(8);
    this.length = this.#bytes.writeDoubleLE(value, this.length);
  }

  /** A zig-zag varint of a whole number: exact for safe integers and for 64-bit bigints. */
  long(value: number | bigint): void {
    this.#room(10);
    if (typeof value === 'bigint') this.#wide(value);
    else if (value >= -0x40000000 && value < 0x40000000) this.#small((value << 1) ^ (value >> 31));
    else if (value > -0x8000000000000 && value < 0x8000000000000) this.#medium(value < 0 ? -2 * value - 1 : 2 * value);
    else this.#wide(BigInt(value));
  }

  /** Avro bytes: length, then the bytes. */
  bytes(value: Uint8Array): void {
    this.long(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.length);
    this.length += value.length;
  }

  /** The shortest big-endian two's complement of a safe integer, as Avro bytes: an unscaled decimal. */
  unscaled(value: number): void {
    let size = 1;
    for (let bound = 128; value >= bound || value < -bound; bound *= 256) size++;
    this.#room(size + 1);
    this.#bytes[this.length] = size << 1;
    let rest = value;
    for (let at = this.length + size; at > this.length; at--) {
      const next = Math.floor(rest / 256);
      this.#bytes[at] = rest - next * 256;
      rest = next;
    }
    this.length += size + 1;
  }

  /** Plain ASCII, without a length. */
  ascii(value: string): void {
    this.#room(value.length);
    for (let i = 0; i < value.length; i++) this.#bytes[this.length++] = value.charCodeAt(i);
  }

  /** An Avro string. */
  text(value: string): void {
    const length = value.length;
    // Most texts are short and ASCII: byte by byte is faster than a call into the runtime.
    if (length < 24) {
      this.#room(length + 1);
      const start = this.length;
      const bytes = this.#bytes;
      bytes[start] = length << 1;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        bytes[start + 1 + i] = code;
      }
      if (i === length) {
        this.length = start + 1 + length;
        return;
      }
    }
    const size = Buffer.byteLength(value);
    this.long(size);
    this.#room(size);
    this.length += this.#bytes.write(value, this.length);
  }

  #small(zigzag: number): void {
    let rest = zigzag >>> 0;
    while (rest > 127) {
      this.#bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.length++] = rest;
  }

  #medium(zigzag: number): void {
    let rest = zigzag;
    while (rest > 127) {
      this.#bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.length++] = rest;
  }

  #wide(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 127n) {
      this.#bytes[this.length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.length++] = Number(rest);
  }

  #room(extra: number): void {
    if (this.length + extra <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + extra));
    wider.set(this.#bytes.subarray(0, this.length));
    this.#bytes = wider;
  }
}
