import { isUtf8 } from 'node:buffer';
import type { AvroType } from './avro-schema.ts';
import { Rejection } from './dead-letter-reasons.ts';

/** Zero-byte elements (arrays of null) that are still believed: their count costs nothing to write. */
const MOST_EMPTY_ELEMENTS = 1_000_000;
const DEEPEST = 64;

/**
 * Walks one Avro datum without building anything and returns where it ends. Throws a Rejection (undecodable) naming the
 * field when it leaves bytes[start, end), has a number too long for its type, a union branch or symbol that is not
 * there, a boolean other than 0 and 1, or a text that is not UTF-8. What passed is safe to decode.
 */
export function walkDatum(type: AvroType, bytes: Uint8Array, start: number, end: number): number {
  const walk = new Walk(bytes, start, end);
  walk.datum(type, '', 0);
  return walk.at;
}

class Walk {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  datum(type: AvroType, path: string, depth: number): void {
    if (depth > DEEPEST) throw fault(path, `nested more than ${DEEPEST} deep`);
    switch (type.kind) {
      case 'null':
        return;
      case 'boolean':
        if ((this.#bytes[this.#skip(1, path)] as number) > 1) throw fault(path, 'a boolean is neither 0 nor 1');
        return;
      case 'int': {
        const value = this.#varint(path);
        if (value !== BigInt.asIntN(32, value)) throw fault(path, `${value} is not a 32-bit number`);
        return;
      }
      case 'long':
        this.#varint(path);
        return;
      case 'float':
        this.#skip(4, path);
        return;
      case 'double':
        this.#skip(8, path);
        return;
      case 'bytes':
        this.#skip(this.#length(path), path);
        return;
      case 'string': {
        const length = this.#length(path);
        const start = this.#skip(length, path);
        if (!isUtf8(this.#bytes.subarray(start, start + length))) throw fault(path, 'a text is not UTF-8');
        return;
      }
      case 'fixed':
        this.#skip(type.size, path);
        return;
      case 'enum':
        this.#branch(type.symbols.length, 'symbol', path);
        return;
      case 'union':
        this.datum(type.branches[this.#branch(type.branches.length, 'branch', path)] as AvroType, path, depth + 1);
        return;
      case 'record':
        for (const field of type.fields)
          this.datum(field.type, path === '' ? field.name : `${path}.${field.name}`, depth + 1);
        return;
      case 'array':
        this.#blocks(path, () => this.datum(type.items, `${path}[]`, depth + 1));
        return;
      case 'map':
        this.#blocks(path, () => {
          this.datum({ kind: 'string' }, `${path}{}`, depth + 1);
          this.datum(type.values, `${path}{}`, depth + 1);
        });
    }
  }

  /** Blocks of elements, each with its count (negative: followed by its size in bytes), ended by a count of 0. */
  #blocks(path: string, element: () => void): void {
    for (;;) {
      let count = this.#varint(path);
      if (count === 0n) return;
      if (count < 0n) {
        count = -count;
        this.#varint(path);
      }
      const before = this.at;
      element();
      const empty = this.at === before;
      if (count > BigInt(empty ? MOST_EMPTY_ELEMENTS : this.#end - before))
        throw fault(path, `${count} elements do not fit`);
      if (!empty) for (let i = 1; i < Number(count); i++) element();
    }
  }

  #branch(count: number, what: string, path: string): number {
    const index = this.#varint(path);
    if (index < 0n || index >= BigInt(count)) throw fault(path, `there is no ${what} ${index}`);
    return Number(index);
  }

  #length(path: string): number {
    const length = this.#varint(path);
    if (length < 0n || length > 0x7fffffffn) throw fault(path, `a length of ${length}`);
    return Number(length);
  }

  /** A zig-zag varint of at most 64 bits. */
  #varint(path: string): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#skip(1, path)] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        if (value >> 64n !== 0n) break;
        return (value >> 1n) ^ -(value & 1n);
      }
    }
    throw fault(path, 'a number is longer than 64 bits');
  }

  #skip(count: number, path: string): number {
    const start = this.at;
    if (start + count > this.#end) throw fault(path, `the value ends ${start + count - this.#end} bytes too early`);
    this.at += count;
    return start;
  }
}

function fault(path: string, problem: string): Rejection {
  return new Rejection('undecodable', path === '' ? problem : `field ${path}: ${problem}`);
}
