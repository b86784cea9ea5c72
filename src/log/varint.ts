/**
 * Kafka's varints: zigzag, then seven bits a byte, lowest first. Readers return the value and leave the place after it in
 * `varintEnd` (one call deep, no object per number); a cut varint reads as if zeros followed, and the caller's check of
 * the place catches it.
 */
export let varintEnd = 0;

/** Reads a 32-bit varint at `at`. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let p = at;
  let b = bytes[p++] as number;
  let v = b & 127;
  if (b > 127) {
    b = bytes[p++] as number;
    v |= (b & 127) << 7;
    if (b > 127) {
      b = bytes[p++] as number;
      v |= (b & 127) << 14;
      if (b > 127) {
        b = bytes[p++] as number;
        v |= (b & 127) << 21;
        if (b > 127) v |= (bytes[p++] as number) << 28;
      }
    }
  }
  varintEnd = p;
  return (v >>> 1) ^ -(v & 1);
}

/** Reads a 64-bit varint at `at`; exact to 2^53. */
export function readVarlong(bytes: Uint8Array, at: number): number {
  let p = at;
  let b = bytes[p++] as number;
  let v = b & 127;
  let scale = 128;
  while (b > 127 && p < at + 10) {
    b = bytes[p++] as number;
    v += (b & 127) * scale;
    scale *= 128;
  }
  varintEnd = p;
  return v % 2 === 0 ? v / 2 : -(v + 1) / 2;
}

/** Bytes a 32-bit varint takes. */
export function varintSize(value: number): number {
  const v = ((value << 1) ^ (value >> 31)) >>> 0;
  return v < 128 ? 1 : v < 16384 ? 2 : v < 2097152 ? 3 : v < 268435456 ? 4 : 5;
}

/** Writes a 32-bit varint; returns the place after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let p = at;
  let v = ((value << 1) ^ (value >> 31)) >>> 0;
  while (v > 127) {
    bytes[p++] = (v & 127) | 128;
    v >>>= 7;
  }
  bytes[p++] = v;
  return p;
}

/** Bytes a 64-bit varint takes; `value` is an integer within 2^52. */
export function varlongSize(value: number): number {
  let v = value < 0 ? -value * 2 - 1 : value * 2;
  let size = 1;
  while (v > 127) {
    v = Math.floor(v / 128);
    size++;
  }
  return size;
}

/** Writes a 64-bit varint; returns the place after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  let p = at;
  let v = value < 0 ? -value * 2 - 1 : value * 2;
  while (v > 127) {
    bytes[p++] = (v % 128) | 128;
    v = Math.floor(v / 128);
  }
  bytes[p++] = v;
  return p;
}
