import { LensError } from '../../core/errors.ts';
import type { LogReading } from '../../log/event-log.ts';
import type { CheckpointEntry } from '../checkpoint.ts';

/** Records of one partition that were applied once and that the log no longer holds. */
export interface LostHistory {
  readonly topic: string;
  readonly partition: number;
  /** The first offset ever applied. */
  readonly firstApplied: number;
  /** The earliest offset still held; null when the partition is gone. */
  readonly earliestHeld: number | null;
  /** Offsets that were applied and are gone: at most so many records. */
  readonly offsets: number;
  /** The topic was deleted and made again: its records are other ones now. */
  readonly recreated: boolean;
}

/** What a replay from the earliest offsets would lose of what was ever applied. */
export async function lostHistory(
  log: LogReading,
  checkpoint: readonly CheckpointEntry[],
  topics: readonly string[],
): Promise<LostHistory[]> {
  const lows = new Map((await log.offsets(topics)).map((o) => [`${o.topic}/${o.partition}`, o.low]));
  const described = await log.topics(topics);
  return checkpoint.flatMap(({ topic, partition, firstOffset, nextOffset, topicId }) => {
    const earliestHeld = lows.get(`${topic}/${partition}`) ?? null;
    const recreated = described.get(topic)?.id !== topicId;
    if (!recreated && earliestHeld !== null && earliestHeld <= firstOffset) return [];
    const heldFrom = recreated || earliestHeld === null ? nextOffset : Math.min(earliestHeld, nextOffset);
    const offsets = heldFrom - firstOffset;
    return [{ topic, partition, firstApplied: firstOffset, earliestHeld, offsets, recreated }];
  });
}

/**
 * LOG_HISTORY_GONE when the log no longer reaches back to the first offset ever applied, or a topic was made anew: a replay would lose what only
 * the warehouse still holds.
 */
export async function requireHistory(
  log: LogReading,
  checkpoint: readonly CheckpointEntry[],
  topics: readonly string[],
  wayOut = '--allow-data-loss refreshes from what is left',
): Promise<void> {
  const lost = await lostHistory(log, checkpoint, topics);
  if (lost.length > 0) throw historyGone(lost, wayOut);
}

/** LOG_HISTORY_GONE with the numbers. */
export function historyGone(lost: readonly LostHistory[], wayOut: string): LensError {
  const [first] = lost;
  const numbers = lost.map(({ topic, partition, firstApplied, earliestHeld, recreated }) => {
    const held = recreated ? 'the topic was made again' : `earliest held ${earliestHeld ?? 'none'}`;
    return `${topic}/${partition}: first applied ${firstApplied}, ${held}`;
  });
  return new LensError('LOG_HISTORY_GONE', `the log no longer holds the whole history (${numbers.join('; ')})`, {
    place: `${first?.topic}/${first?.partition}`,
    hint: `topics that feed a warehouse need retention.ms=-1; ${wayOut}`,
    fields: { lost },
  });
}
