import { randomBytes } from 'node:crypto';
import snappy from 'snappy';
import { expect, test } from 'vitest';
import { CODEC_ID, compress, decompress } from '../../src/log/compression.ts';

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const TEXT = Buffer.from('a prompt, a prompt, a prompt of a castle '.repeat(6000));
const corrupt = expect.objectContaining({ code: 'LOG_CORRUPT', place: 't/0@7' });

test.each(CODECS)('%s packs and unpacks', (codec) => {
  for (const bytes of [TEXT, TEXT.subarray(0, 1), new Uint8Array(100_000)]) {
    const packed = compress(codec, bytes);
    expect(Buffer.from(decompress(CODEC_ID[codec], packed, 't/0@7')).equals(bytes)).toBe(true);
  }
  expect(compress(codec, TEXT).length).toBeLessThan(TEXT.length / 4);
});

test('snappy is written in the framing of the Java client and read with or without it', () => {
  const packed = Buffer.from(compress('snappy', TEXT));
  expect(packed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
  const first = packed.readInt32BE(16);
  expect(snappy.uncompressSync(packed.subarray(20, 20 + first))).toEqual(TEXT.subarray(0, 1 << 16));
  expect(decompress(CODEC_ID.snappy, snappy.compressSync(TEXT), 't/0@7')).toEqual(TEXT);
});

test('lz4 frames are of the kind brokers take: version 1, independent blocks', () => {
  const packed = Buffer.from(compress('lz4', TEXT));
  expect(packed.readUInt32LE(0)).toBe(0x184d2204);
  expect((packed[4] as number) & 0b1110_0000).toBe(0b0110_0000);
});

test.each(CODECS)('%s in several frames, as a producer may flush them, is read whole', (codec) => {
  if (codec === 'snappy') return; // its framing is one for all blocks
  const parts = [TEXT, Buffer.alloc(100_000, 7), randomBytes(5000), Buffer.from('x')];
  const packed = Buffer.concat(parts.map((part) => compress(codec, part)));
  expect(Buffer.from(decompress(CODEC_ID[codec], packed, 't/0@7')).equals(Buffer.concat(parts))).toBe(true);
  expect(() => decompress(CODEC_ID[codec], packed.subarray(0, -7), 't/0@7')).toThrow(corrupt);
});

test.each(['lz4', 'zstd'] as const)('frames of %s that are to be skipped are', (codec) => {
  const skipped = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const packed = Buffer.concat([compress(codec, TEXT), skipped, compress(codec, TEXT)]);
  expect(decompress(CODEC_ID[codec], packed, 't/0@7')).toEqual(Buffer.concat([TEXT, TEXT]));
});

test.each(CODECS)('cut or foreign %s bytes are LOG_CORRUPT', (codec) => {
  const packed = compress(codec, TEXT);
  for (const cut of [1, 15, 17, 19, 30]) {
    expect(() => decompress(CODEC_ID[codec], packed.subarray(0, cut), 't/0@7')).toThrow(corrupt);
  }
  expect(() => decompress(CODEC_ID[codec], Buffer.from('nothing of the kind'), 't/0@7')).toThrow(corrupt);
});

test('a small snappy block that claims gigabytes is refused before memory is taken', () => {
  expect(() => decompress(CODEC_ID.snappy, Buffer.from([255, 255, 255, 255, 15, 1]), 't/0@7')).toThrow(/claims/);
});

test('an unknown codec is LOG_CORRUPT', () => {
  expect(() => decompress(5, TEXT, 't/0@7')).toThrow(corrupt);
});
