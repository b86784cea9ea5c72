const LZ4_MAGIC = 0x184d2204;
const ZSTD_MAGIC = 0xfd2fb528;
/** Frames of both formats that hold something else and are to be skipped: 16 magic numbers. */
const SKIPPABLE_MAGIC = 0x184d2a50;

/**
 * The frames of lz4 or zstd data, one after the other: producers may flush several into one batch, and our decoders take
 * one at a time (that of lz4 takes a cut one for a shorter one, too). Bytes of another kind come as they are, for the
 * decoder to refuse. Throws when a frame is cut.
 */
export function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const magic = bytes.length < at + 4 ? 0 : bytes.readUInt32LE(at);
    const end = frameEnd(bytes, at, magic);
    if (end > bytes.length) throw new Error('a frame is cut');
    if (!isSkippable(magic)) frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;
}

function frameEnd(bytes: Buffer, at: number, magic: number): number {
  try {
    if (magic === LZ4_MAGIC) return lz4FrameEnd(bytes, at);
    if (magic === ZSTD_MAGIC) return zstdFrameEnd(bytes, at);
    return isSkippable(magic) ? at + 8 + bytes.readUInt32LE(at + 4) : bytes.length;
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/**
 * magic 4 | FLG | BD | content size 8 if FLG bit 3 | dictionary id 4 if bit 0 | header checksum | blocks { size 4, bytes,
 * checksum 4 if bit 4 } | size 0 | content checksum 4 if bit 2 (github.com/lz4/lz4, lz4_Frame_format.md)
 */
function lz4FrameEnd(bytes: Buffer, start: number): number {
  const flags = bytes.readUInt8(start + 4);
  const blockChecksum = flags & 0x10 ? 4 : 0;
  let at = start + 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  for (;;) {
    // The highest bit says that the block is not compressed.
    const size = bytes.readUInt32LE(at) & 0x7fffffff;
    at += 4;
    if (size === 0) return at + (flags & 0x04 ? 4 : 0);
    at += size + blockChecksum;
  }
}

/**
 * magic 4 | descriptor | window 1 unless single segment (bit 5) | dictionary id by bits 0-1 | content size by bits 6-7 |
 * blocks { 3 bytes: bit 0 last, bits 1-2 type, the rest size } | checksum 4 if bit 2 (RFC 8878)
 */
function zstdFrameEnd(bytes: Buffer, start: number): number {
  const descriptor = bytes.readUInt8(start + 4);
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  let at = start + 5 + (single ? 0 : 1) + dictionary + content;
  for (;;) {
    const header = bytes.readUIntLE(at, 3);
    const repeated = ((header >> 1) & 3) === 1; // one byte that stands for many
    at += 3 + (repeated ? 1 : header >> 3);
    if (header & 1) return at + (descriptor & 0x04 ? 4 : 0);
  }
}
