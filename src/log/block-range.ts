import { RecordBlock } from './record-block.ts';

/** How a part of a block is shown. */
export interface RangeOffsets {
  /** Added to every offset of the block. */
  readonly shift?: number;
  /** As they are to stand in the part, already shifted. */
  readonly nextOffset: number;
  readonly endOffset: number;
}

/** Records from .. to-1 of a block as a block of their own, over the same memory and valid for as long. */
export function blockRange(block: RecordBlock, from: number, to: number, offsets: RangeOffsets): RecordBlock {
  const range = new RecordBlock();
  range.topic = block.topic;
  range.partition = block.partition;
  range.bytes = block.bytes;
  range.count = to - from;
  range.baseOffset = block.baseOffset + (offsets.shift ?? 0);
  range.nextOffset = offsets.nextOffset;
  range.endOffset = offsets.endOffset;
  range.leaderEpoch = block.leaderEpoch;
  range.offsetDelta = block.offsetDelta.subarray(from, to);
  range.timestamp = block.timestamp.subarray(from, to);
  range.keyStart = block.keyStart.subarray(from, to);
  range.keyLength = block.keyLength.subarray(from, to);
  range.valueStart = block.valueStart.subarray(from, to);
  range.valueLength = block.valueLength.subarray(from, to);
  range.headersStart = block.headersStart.subarray(from, to);
  return range;
}

/** The index of the first record at or after an offset; the block's count when all are before it. */
export function firstAt(block: RecordBlock, offset: number): number {
  let low = 0;
  let high = block.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block.offset(middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
