import { RecordBlock } from '../log/record-block.ts';
import { headersAt, headersEnd } from '../log/record-headers.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { TopicBatch } from '../topics/topic-batch.ts';
import type { DeadLetter } from '../topics/topic-contract.ts';
import type { TopicRecords } from './batch.ts';

/** One record of a batch: which block, and which of its records. */
export interface RecordPlace {
  readonly block: RecordBlock;
  readonly at: number;
}

/**
 * A copy of a batch's records as they came, so that parts of the batch can be decoded again: kept only where a gate may
 * refuse the batch, since blocks are gone with the next one that is read.
 */
export class BatchRecords {
  readonly #blocks: RecordBlock[] = [];
  readonly #catalog: TopicCatalog;

  constructor(catalog: TopicCatalog) {
    this.#catalog = catalog;
  }

  /** Keeps records from .. to-1 of a block. */
  add(block: RecordBlock, from: number, to: number): void {
    if (to > from) this.#blocks.push(copyOf(block, from, to));
  }

  /** All of them, in the order in which they came; those of one partition in the log's. */
  places(): RecordPlace[] {
    return this.#blocks.flatMap((block) => Array.from({ length: block.count }, (_, at) => ({ block, at })));
  }

  /**
   * The records without some, decoded anew.
   *
   * @param places all of them, as {@link places} gave them
   */
  without(left: ReadonlySet<RecordPlace>, places: readonly RecordPlace[]): TopicRecords[] {
    const decoders = new Map<string, TopicBatch>();
    const decoderOf = (topic: string): TopicBatch => {
      const decoder = decoders.get(topic) ?? this.#catalog.batch(topic);
      decoders.set(topic, decoder);
      return decoder;
    };
    let next = 0;
    for (const block of this.#blocks) {
      // Runs of records that stay, so that the decoder has as few calls as there are gaps.
      let from = 0;
      for (let at = 0; at <= block.count; at++, next++) {
        if (at < block.count && !left.has(places[next] as RecordPlace)) continue;
        if (at > from) decoderOf(block.topic).addRange(block, from, at);
        from = at + 1;
      }
      next--;
    }
    return [...decoders.values()].map((decoder) => {
      return { contract: decoder.contract, records: decoder.recordCount, sealed: decoder.seal() };
    });
  }
}

/** A record as a dead letter. */
export function deadLetterOf({ block, at }: RecordPlace, reasonCode: string, reason: string): DeadLetter {
  return {
    topic: block.topic,
    partition: block.partition,
    offset: block.offset(at),
    timestamp: block.timestamp[at] as number,
    key: block.key(at),
    value: block.value(at),
    headers: headersAt(block, at),
    reasonCode,
    reason,
  };
}

function copyOf(block: RecordBlock, from: number, to: number): RecordBlock {
  let [first, end] = [Number.POSITIVE_INFINITY, 0];
  for (let i = from; i < to; i++) {
    for (const [starts, lengths] of [
      [block.keyStart, block.keyLength],
      [block.valueStart, block.valueLength],
    ] as const) {
      const length = lengths[i] as number;
      if (length < 0) continue;
      first = Math.min(first, starts[i] as number);
      end = Math.max(end, (starts[i] as number) + length);
    }
    if ((block.headersStart[i] as number) < 0) continue;
    first = Math.min(first, block.headersStart[i] as number);
    end = Math.max(end, headersEnd(block, i));
  }
  const start = Math.min(first, end);
  const copy = new RecordBlock();
  copy.topic = block.topic;
  copy.partition = block.partition;
  copy.bytes = new Uint8Array(block.bytes.subarray(start, end));
  copy.count = to - from;
  copy.baseOffset = block.baseOffset;
  copy.nextOffset = block.nextOffset;
  copy.endOffset = block.endOffset;
  copy.leaderEpoch = block.leaderEpoch;
  copy.offsetDelta = block.offsetDelta.slice(from, to);
  copy.timestamp = block.timestamp.slice(from, to);
  copy.keyStart = block.keyStart.slice(from, to).map((place) => place - start);
  copy.keyLength = block.keyLength.slice(from, to);
  copy.valueStart = block.valueStart.slice(from, to).map((place) => place - start);
  copy.valueLength = block.valueLength.slice(from, to);
  copy.headersStart = block.headersStart.slice(from, to).map((place) => (place < 0 ? place : place - start));
  return copy;
}
