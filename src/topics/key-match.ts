import type { ColumnChunk } from '../core/column-chunk.ts';
import type { ShapeField } from './record-shape.ts';

/**
 * Whether key bytes are the canonical text of the key columns of a decoded row. False also where only the exact way
 * (message-key.ts) can tell, which is then asked.
 */
export type KeyMatch = (bytes: Uint8Array, start: number, length: number, chunk: ColumnChunk, row: number) => boolean;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const OPEN = 91;
const BACKSLASH = 92;
const CLOSE = 93;

/** The last number {@link parseWhole} read, as two 32-bit halves of its two's complement. */
let low = 0;
let high = 0;

/** Reads canonical decimal digits of a 64-bit number from bytes[start, end) into `low` and `high`. */
function parseWhole(bytes: Uint8Array, start: number, end: number): boolean {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > 19 || (bytes[first] === ZERO && (digits > 1 || negative))) return false;
  // Two halves of at most 10 and 9 digits are exact as doubles; so is every product below modulo 2^32.
  const split = digits > 9 ? end - 9 : first;
  let upper = 0;
  let lower = 0;
  for (let p = first; p < end; p++) {
    const digit = (bytes[p] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
    if (p < split) upper = upper * 10 + digit;
    else lower = lower * 10 + digit;
  }
  low = (Math.imul(upper | 0, 1_000_000_000) + lower) | 0;
  const about = upper * 1_000_000_000 + lower;
  high = Math.round((about - (low >>> 0)) / 4_294_967_296);
  if (high > 0x7fffffff) return false;
  if (negative) {
    low = -low | 0;
    high = low === 0 ? -high | 0 : ~high;
  }
  return true;
}

/** Whether the key is the text of a 64-bit number given as two halves. */
export function wholeMatches(bytes: Uint8Array, start: number, length: number, lo: number, hi: number): boolean {
  return parseWhole(bytes, start, start + length) && low === lo && high === hi;
}

/** The match of a key of these fields. */
export function keyMatch(fields: readonly ShapeField[]): KeyMatch {
  const parts = fields.map(({ column, position }) => ({ kind: column.type.kind, position }));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    if (only.kind !== 'varchar') return partMatcher(only.kind, only.position);
    return (bytes, start, length, chunk, row) => {
      const text = chunk.columns[only.position]?.bytesAt(row);
      return text !== undefined && text.length === length && sameBytes(bytes, start, text);
    };
  }
  const matchers = parts.map(({ kind, position }) =>
    kind === 'varchar' ? quotedMatcher(position) : partMatcher(kind, position),
  );
  return (bytes, start, length, chunk, row) => {
    const end = start + length;
    if (length < 2 || bytes[start] !== OPEN || bytes[end - 1] !== CLOSE) return false;
    let from = start + 1;
    for (let i = 0; i < matchers.length; i++) {
      let to = from;
      // A comma within a text ends the part early, and so fails it.
      while (to < end - 1 && bytes[to] !== COMMA) to++;
      if (!(matchers[i] as KeyMatch)(bytes, from, to - from, chunk, row)) return false;
      if ((to === end - 1) !== (i === matchers.length - 1)) return false;
      from = to + 1;
    }
    return true;
  };
}

function partMatcher(kind: string, position: number): KeyMatch {
  if (kind !== 'bigint' && kind !== 'integer') return () => false;
  return (bytes, start, length, chunk, row) => {
    if (!parseWhole(bytes, start, start + length)) return false;
    const words = (chunk.columns[position] as ColumnChunk['columns'][number]).words;
    if (kind === 'bigint') return low === words[row * 2] && high === words[row * 2 + 1];
    return low === words[row] && high === low >> 31;
  };
}

/** A JSON string without escapes. */
function quotedMatcher(position: number): KeyMatch {
  return (bytes, start, length, chunk, row) => {
    if (length < 2 || bytes[start] !== QUOTE || bytes[start + length - 1] !== QUOTE) return false;
    const text = (chunk.columns[position] as ColumnChunk['columns'][number]).bytesAt(row);
    if (text.length !== length - 2 || !sameBytes(bytes, start + 1, text)) return false;
    for (const byte of text) if (byte < 32 || byte > 126 || byte === QUOTE || byte === BACKSLASH) return false;
    return true;
  };
}

function sameBytes(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}
