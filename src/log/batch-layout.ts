/**
 * Kafka's record batch, message format 2 (kafka.apache.org/documentation/#recordbatch); all numbers big-endian:
 *
 *     0 int64 baseOffset            21 int16 attributes         43 int64 producerId
 *     8 int32 batchLength (from 12) 23 int32 lastOffsetDelta    51 int16 producerEpoch
 *    12 int32 partitionLeaderEpoch  27 int64 baseTimestamp      53 int32 baseSequence
 *    16 int8  magic (2)             35 int64 maxTimestamp       57 int32 recordsCount
 *    17 uint32 crc (CRC-32C from 21 to the end)                 61 records, compressed as one
 *
 * attributes: bits 0-2 codec, bit 3 log append time, bit 4 transactional, bit 5 control.
 * A record: varint length | int8 attributes | varlong timestampDelta | varint offsetDelta | varint keyLength, key |
 * varint valueLength, value | varint headersCount { varint keyLength, key, varint valueLength, value }; length -1 is null.
 */
export const BATCH_HEADER_BYTES = 61;
/** Bytes before the part that batchLength counts. */
export const BATCH_PREFIX_BYTES = 12;
/** Where the checked part starts. */
export const CRC_FROM = 21;
/** The least a record takes: seven one-byte fields. */
export const MIN_RECORD_BYTES = 7;

export const CODEC_MASK = 7;
export const LOG_APPEND_TIME = 8;
export const TRANSACTIONAL = 16;
export const CONTROL = 32;

/** An int64 as a number; exact to 2^53. */
export function int64(view: DataView, at: number): number {
  return view.getInt32(at) * 4294967296 + view.getUint32(at + 4);
}
