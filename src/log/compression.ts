import zlib from 'node:zlib';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { LensError, messageOf } from '../core/errors.ts';
import { framesOf } from './compressed-frames.ts';
import type { Compression } from './event-log.ts';

/** The codec's number in a record batch's attributes (bits 0-2), by name. */
export const CODEC_ID: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

/** No batch may unpack to more than this: places in a record block are 32-bit, and garbage must not take all memory. */
const MAX_UNPACKED_BYTES = 1 << 30;

/** Packs the record section of a batch as Kafka's own clients do (snappy in xerial framing, lz4 in frames). */
export function compress(compression: Compression, bytes: Uint8Array): Uint8Array {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return zlib.gzipSync(bytes, { chunkSize: chunkSize(bytes.length) });
    case 'snappy':
      return xerialSnappy(bytes);
    case 'lz4':
      return lz4.compressFrameSync(asBuffer(bytes));
    case 'zstd':
      return zlib.zstdCompressSync(bytes, { chunkSize: chunkSize(bytes.length) });
  }
}

/**
 * Unpacks the record section of a batch.
 *
 * @param codec the number from the batch's attributes, 1 to 4
 * @param place `topic/partition@offset`, for the error
 * @returns the records
 * @throws LOG_CORRUPT when the bytes are not what the codec says, or the codec is unknown
 */
export function decompress(codec: number, bytes: Uint8Array, place: string): Uint8Array {
  try {
    switch (codec) {
      case 1:
        return zlib.gunzipSync(bytes, unpacking(bytes));
      case 2:
        return unpackSnappy(bytes);
      case 3:
        return unpackFrames(bytes, (frame) => lz4.decompressFrameSync(frame));
      case 4:
        return unpackFrames(bytes, (frame) => zlib.zstdDecompressSync(frame, unpacking(frame)));
      default:
        throw new Error(`codec ${codec} is not known`);
    }
  } catch (error) {
    throw new LensError('LOG_CORRUPT', `a record batch cannot be unpacked: ${messageOf(error)}`, {
      place,
      hint: 'the batch itself is damaged or was written by a broken producer; read on from a later offset',
      cause: error,
    });
  }
}

function unpackFrames(bytes: Uint8Array, unpack: (frame: Buffer) => Buffer): Uint8Array {
  const frames = framesOf(asBuffer(bytes));
  if (frames.length === 1) return unpack(frames[0] as Buffer);
  const parts: Buffer[] = [];
  let size = 0;
  for (const frame of frames) {
    const part = unpack(frame);
    if ((size += part.length) > MAX_UNPACKED_BYTES)
      throw new Error(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Room for the result in one or few pieces: zlib's default of 16 KB copies every piece twice. */
function chunkSize(expected: number): number {
  return Math.min(Math.max(expected, 1 << 14), 1 << 20);
}

function unpacking(bytes: Uint8Array): { chunkSize: number; maxOutputLength: number } {
  return { chunkSize: chunkSize(bytes.length * 4), maxOutputLength: MAX_UNPACKED_BYTES };
}

/*
 * The framing of xerial's SnappyOutputStream, which Java's Kafka client writes:
 *   magic 0x82 "SNAPPY" 0 | int32 version 1 | int32 oldest compatible version 1 | { int32 length | raw snappy block }*
 * Other clients send one raw snappy block without it; both are read.
 */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const XERIAL_BLOCK_BYTES = 1 << 16;

function xerialSnappy(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [XERIAL_HEADER];
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
    const block = snappy.compressSync(bytes.subarray(at, at + XERIAL_BLOCK_BYTES));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

function unpackSnappy(bytes: Uint8Array): Uint8Array {
  const input = asBuffer(bytes);
  if (!input.subarray(0, 8).equals(XERIAL_MAGIC)) return rawSnappy(input);
  if (input.length < 16) throw new Error('the snappy frame header is cut');
  const parts: Buffer[] = [];
  let at = 16;
  while (at < input.length) {
    if (at + 4 > input.length) throw new Error('a snappy block is cut');
    const length = input.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > input.length) throw new Error('a snappy block is cut');
    parts.push(rawSnappy(input.subarray(at, at + length)));
    at += length;
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

/** A snappy block starts with its unpacked length; no block can grow by more than 64 bytes for each of its own. */
function rawSnappy(input: Buffer): Buffer {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = input[i] ?? 0;
    length += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) break;
  }
  if (length > input.length * 64) throw new Error(`a snappy block claims ${length} bytes`);
  return snappy.uncompressSync(input, { asBuffer: true }) as Buffer;
}
