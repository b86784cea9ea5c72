import { isUtf8 } from 'node:buffer';
import { type ColumnChunk, ColumnVector } from '../core/column-chunk.ts';
import { StringHeap } from '../core/string-heap.ts';
import type { RecordBlock } from '../log/record-block.ts';
import type { AvroRecord } from './avro-schema.ts';
import { planDecoder } from './decoder-plan.ts';
import { decoderSource } from './decoder-source.ts';
import { keyMatch, type KeyMatch, wholeMatches } from './key-match.ts';
import type { RecordShape } from './record-shape.ts';

/**
 * Decodes records i .. to-1 of a block into the chunk until the chunk is full or a record is not plainly right (another
 * schema id, a tombstone, anything a check refuses); returns the first record not decoded.
 */
export type ColumnDecoder = (block: RecordBlock, i: number, to: number, chunk: ColumnChunk, id: number) => number;

/** What the generated code calls. */
interface DecoderUse {
  readonly wholeMatches: typeof wholeMatches;
  readonly keyMatch: KeyMatch;
  readonly rowCheck: (chunk: ColumnChunk, row: number) => boolean;
  readonly isText: (bytes: Uint8Array, start: number, length: number) => boolean;
  readonly readNumbers: typeof readNumbers;
  readonly slots: readonly (Int32Array | null)[];
}

/** A decoder generated for one writer schema, or null when only the exact way covers it. */
export function columnDecoder(shape: RecordShape, writer: AvroRecord): ColumnDecoder | null {
  const plan = planDecoder(shape, writer);
  const rowCheck = kindCheck(shape);
  if (plan === null || rowCheck === null) return null;
  const use: DecoderUse = {
    wholeMatches,
    keyMatch: keyMatch(shape.key),
    rowCheck,
    isText: (bytes, start, length) => isUtf8(bytes.subarray(start, start + length)),
    readNumbers,
    slots: plan.steps.map((step) => step.slots),
  };
  // The source is made of numbers, bytes of literals and fixed text only: no name from a schema gets into code but in
  // comments, whose line breaks decoderSource takes out.
  // oxlint-disable-next-line typescript/no-implied-eval
  return new Function('use', decoderSource(plan))(use) as ColumnDecoder;
}

/** In mode patch: whether a row's kind is declared, its required columns are there and all other kinds' are null. */
function kindCheck({ contract, fields, key }: RecordShape): DecoderUse['rowCheck'] | null {
  if (contract.mode !== 'patch') return () => true;
  if (contract.kinds.some(({ name }) => Buffer.byteLength(name) > 12)) return null;
  const names = new ColumnVector({ kind: 'varchar' }, new StringHeap(), contract.kinds.length);
  contract.kinds.forEach(({ name }, i) => names.setBytes(i, Buffer.from(name)));
  const columns = contract.kinds.map((kind) =>
    kind.columns.map((name) => fields.find((field) => field.name === name)?.position ?? -1),
  );
  const required = contract.kinds.map((kind, i) =>
    (columns[i] as number[]).filter((_, c) => contract.checks.get(kind.columns[c] as string)?.required === true),
  );
  const kindAt = key.at(-1)?.position ?? -1;
  const slots = names.words;
  return (chunk, row) => {
    const { words } = chunk.columns[kindAt] as ColumnVector;
    let own = -1;
    for (let kind = 0; kind < columns.length && own < 0; kind++) {
      let same = true;
      for (let w = 0; w < 4; w++) if (words[row * 4 + w] !== slots[kind * 4 + w]) same = false;
      if (same) own = kind;
    }
    if (own < 0) return false;
    for (let kind = 0; kind < columns.length; kind++) {
      if (kind === own) continue;
      for (const position of columns[kind] as number[])
        if (!(chunk.columns[position] as ColumnVector).isNull(row)) return false;
    }
    for (const position of required[own] as number[])
      if ((chunk.columns[position] as ColumnVector).isNull(row)) return false;
    return true;
  };
}

/**
 * Copies an Avro array of floats or doubles in one block into a LIST or ARRAY column; returns where it ends, or -1 for
 * several blocks, a wrong length, or (ARRAY) a number that is not finite.
 */
function readNumbers(column: ColumnVector, row: number, bytes: Uint8Array, start: number, end: number): number {
  const { type } = column;
  if (type.kind !== 'array' && type.kind !== 'list') return -1;
  let p = start;
  let raw = 0;
  for (let shift = 0; ; shift += 7) {
    if (p >= end || shift > 21) return -1;
    const byte = bytes[p++] as number;
    raw |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  // A negative count, which is followed by a size in bytes, is odd in zig-zag.
  if ((raw & 1) === 1) return -1;
  const count = raw >>> 1;
  if (type.kind === 'array' && count !== type.length) return -1;
  const size = count * (type.element.kind === 'double' ? 8 : 4);
  // The closing 0 of an array that is not empty.
  const close = count === 0 ? 0 : 1;
  if (p + size + close > end || (close === 1 && bytes[p + size] !== 0)) return -1;
  const first = column.setElements(row, count);
  const child = column.child;
  child.bytes.set(bytes.subarray(p, p + size), first * child.width);
  if (type.kind === 'array' && !allFinite(child, first, count)) return -1;
  return p + size + close;
}

function allFinite(column: ColumnVector, first: number, count: number): boolean {
  const { words, width } = column;
  const double = width === 8;
  const mask = double ? 0x7ff00000 : 0x7f800000;
  for (let i = first; i < first + count; i++) {
    if (((words[double ? i * 2 + 1 : i] as number) & mask) === mask) return false;
  }
  return true;
}
