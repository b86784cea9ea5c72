import { LensError } from '../../core/errors.ts';
import type { LogReading, PartitionOffsets } from '../../log/event-log.ts';

/** Up to where a log is replayed. */
export type LogBound =
  /** Everything before these offsets; partitions that are not named to their ends. */
  | { readonly toOffsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] }
  /** In each partition everything before its first record of this time or later, in milliseconds since 1970. */
  | { readonly toTime: number };

/** For people. */
export function boundText(bound: LogBound): string {
  if ('toTime' in bound) return `--to-time ${new Date(bound.toTime).toISOString()}`;
  return `--to-offset ${bound.toOffsets.map(({ topic, partition, offset }) => `${topic}/${partition}:${offset}`).join(',')}`;
}

/** The offsets of the partitions with their ends as the bound has them. LOG_OFFSET_OUT_OF_RANGE for one that the log does not hold. */
export async function boundedOffsets(
  log: LogReading,
  topics: readonly string[],
  bound: LogBound,
  signal: AbortSignal,
): Promise<PartitionOffsets[]> {
  const offsets = await log.offsets(topics);
  if ('toTime' in bound) return endsAtTime(log, offsets, bound.toTime, signal);
  for (const { topic, partition, offset } of bound.toOffsets) {
    const there = offsets.find((one) => one.topic === topic && one.partition === partition);
    if (there !== undefined && offset >= there.low && offset <= there.end) continue;
    const held = there === undefined ? 'there is no such partition' : `the log holds ${there.low} to ${there.end}`;
    throw new LensError('LOG_OFFSET_OUT_OF_RANGE', `nothing can be replayed up to offset ${offset}: ${held}`, {
      place: `${topic}/${partition}`,
      hint: 'lens lag shows the partitions with their ends',
    });
  }
  return offsets.map((one) => {
    const { topic, partition } = one;
    const to = bound.toOffsets.find((other) => other.topic === topic && other.partition === partition);
    return { ...one, end: to?.offset ?? one.end };
  });
}

/** Reads the timestamps alone, of any order, until each partition has shown its first record of that time. */
async function endsAtTime(
  log: LogReading,
  offsets: readonly PartitionOffsets[],
  time: number,
  signal: AbortSignal,
): Promise<PartitionOffsets[]> {
  const found = new Map<string, number>();
  const at = new Map(offsets.map((one) => [place(one), one.low]));
  const open = (): PartitionOffsets[] =>
    offsets.filter((one) => !found.has(place(one)) && (at.get(place(one)) ?? one.end) < one.end);
  while (open().length > 0) {
    const positions = open().map((one) => ({ ...one, offset: at.get(place(one)) ?? one.low }));
    // A partition that is found, or at its end, is read no further.
    await using reader = await log.read(
      positions.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
      { signal },
    );
    for (const before = open().length; open().length === before;) {
      const block = await reader.next(1000);
      signal.throwIfAborted();
      if (block === null) continue;
      const key = place(block);
      for (let i = 0; i < block.count && !found.has(key); i++) {
        const offset = block.baseOffset + (block.offsetDelta[i] as number);
        if (offset >= (at.get(key) ?? 0) && (block.timestamp[i] as number) >= time) found.set(key, offset);
      }
      at.set(key, Math.max(at.get(key) ?? 0, block.nextOffset));
    }
  }
  return offsets.map((one) => ({ ...one, end: Math.min(found.get(place(one)) ?? one.end, one.end) }));
}

function place({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}
