/** The bytes of all strings of a chunk that do not fit their slot. */
export class StringHeap {
  bytes = new Uint8Array(1 << 14);
  length = 0;

  /** Makes room for `extra` more bytes and returns the buffer to write at `length`. */
  reserve(extra: number): Uint8Array {
    if (this.length + extra > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + extra));
      bytes.set(this.bytes.subarray(0, this.length));
      this.bytes = bytes;
    }
    return this.bytes;
  }
}
