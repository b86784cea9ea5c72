import { BatchBuilder } from '../batch-builder.ts';
import { BatchReader } from '../batch-reader.ts';
import type { Compression } from '../event-log.ts';
import { readHeaders } from '../record-headers.ts';

/** Sequence numbers go round after 2^31 - 1. */
const SEQUENCES = 0x80000000;

/** The two halves of a producer's batch of two or more records, with its producer fields and sequence numbers. */
export function splitBatch(batch: Uint8Array, compression: Compression): { bytes: Uint8Array; count: number }[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const producerId = view.getBigInt64(43);
  const producerEpoch = view.getInt16(51);
  const firstSequence = view.getInt32(53);
  const block = new BatchReader('', 0).read(batch, 0, batch.length, 0);
  const middle = Math.ceil(block.count / 2);
  return [
    [0, middle],
    [middle, block.count],
  ].map(([from, to]) => {
    const [first, end] = [from as number, to as number];
    const builder = new BatchBuilder(compression);
    for (let i = first; i < end; i++) {
      builder.add(block.key(i), block.value(i), block.timestamp[i] as number, readHeaders(block, i));
    }
    const baseSequence = (firstSequence + first) % SEQUENCES;
    return { bytes: builder.finish({ producerId, producerEpoch, baseSequence }), count: end - first };
  });
}
