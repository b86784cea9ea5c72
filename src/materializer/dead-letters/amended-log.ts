import type { LogReader, LogReading, PartitionOffsets, Position, ReadOptions } from '../../log/event-log.ts';
import { LogOverLog, readerThrough } from '../../log/log-over-log.ts';
import type { RecordBlock } from '../../log/record-block.ts';
import { blockOf, recordAt, type SingleRecord } from '../../log/single-records.ts';
import type { StoredLetter } from './dead-letters.ts';

/** On a record that stands elsewhere than its dead letter did: `partition/offset` of that. */
export const ORIGIN_HEADER = 'lens.redrive';

/**
 * A log in which dead letters are what was made of them: a redriven one is the record it counts as, at its place, and a
 * superseded one is not there. So every replay gives the same tables, although the log itself keeps the bad record.
 */
export class AmendedLog extends LogOverLog {
  readonly #letters: readonly StoredLetter[];

  /** @param letters those that are not open */
  constructor(log: LogReading, letters: readonly StoredLetter[]) {
    super(log);
    this.#letters = letters;
  }

  /** Redriven letters that count before anything that these partitions hold, which no reader delivers. */
  before(offsets: readonly PartitionOffsets[]): StoredLetter[] {
    return this.#letters.filter(({ topic, status, redrive }) => {
      const low = offsets.find((one) => one.topic === topic && one.partition === redrive?.place.partition)?.low;
      return status === 'redriven' && redrive !== null && low !== undefined && redrive.place.offset < low;
    });
  }

  async read(from: readonly Position[], options: ReadOptions = {}): Promise<LogReader> {
    const inner = await this.log.read(from, options);
    if (this.#letters.length === 0) return inner;
    const amendments = amendmentsOf(this.#letters);
    const positions = new Map(from.map((position) => [place(position), position.offset]));
    return readerThrough(inner, (block) => {
      const at = place(block);
      const start = positions.get(at) ?? 0;
      positions.set(at, block.nextOffset);
      const own = amendments.get(at);
      return own === undefined ? block : amended(block, start, own);
    });
  }
}

/** What a partition has to be given or to leave out. */
interface Amendments {
  readonly gone: Set<number>;
  /** By the offset that they come right after, or in the place of. */
  readonly added: Map<number, SingleRecord[]>;
}

/** By `topic/partition`. */
function amendmentsOf(letters: readonly StoredLetter[]): ReadonlyMap<string, Amendments> {
  const all = new Map<string, Amendments>();
  const of = (at: { topic: string; partition: number }): Amendments => {
    const found = all.get(place(at)) ?? { gone: new Set(), added: new Map() };
    all.set(place(at), found);
    return found;
  };
  for (const letter of letters) {
    of(letter).gone.add(letter.offset);
    if (letter.status !== 'redriven' || letter.redrive === null) continue;
    const at = letter.redrive.place;
    const { added } = of({ topic: letter.topic, partition: at.partition });
    added.set(at.offset, [...(added.get(at.offset) ?? []), amendedRecord(letter)]);
  }
  return all;
}

/** A block with its amendments between `from` and where it ends, also those at offsets that the log no longer holds. */
function amended(block: RecordBlock, from: number, { gone, added }: Amendments): RecordBlock {
  const within = (offset: number): boolean => offset >= from && offset < block.nextOffset;
  const places = [...added.keys()].filter(within).sort((a, b) => a - b);
  if (places.length === 0 && ![...gone].some(within)) return block;
  const records: SingleRecord[] = [];
  const addUpTo = (offset: number): void => {
    while (places.length > 0 && (places[0] as number) <= offset) {
      records.push(...(added.get(places.shift() as number) ?? []));
    }
  };
  for (let i = 0; i < block.count; i++) {
    const offset = block.offset(i);
    addUpTo(offset - 1);
    if (!gone.has(offset)) records.push(recordAt(block, i));
    addUpTo(offset);
  }
  addUpTo(block.nextOffset);
  return blockOf(block, records);
}

/** The record that a redriven dead letter counts as. */
function amendedRecord({ partition, offset, timestamp, redrive, headers }: StoredLetter): SingleRecord {
  const at = redrive?.place ?? { partition, offset };
  const moved = at.partition !== partition || at.offset !== offset;
  return {
    offset: at.offset,
    timestamp,
    key: redrive?.key ?? null,
    value: redrive?.value ?? null,
    headers: moved ? [...headers, [ORIGIN_HEADER, Buffer.from(`${partition}/${offset}`)]] : headers,
  };
}

/** The same as a block of its own. */
export function letterBlock(letter: StoredLetter): RecordBlock {
  const record = amendedRecord(letter);
  const { partition } = letter.redrive?.place ?? letter;
  const after = record.offset + 1;
  return blockOf({ topic: letter.topic, partition, nextOffset: after, endOffset: after, leaderEpoch: -1 }, [record]);
}

function place({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
