import { InvalidArgumentError } from 'commander';
import { LensError } from '../core/errors.ts';
import type {
  DeadLetterFilter,
  DeadLetterStatus,
  RecordPlace,
} from '../materializer/dead-letters/dead-letter-contract.ts';

export interface LetterFlags {
  readonly topic?: string;
  readonly reason?: string;
  readonly status?: DeadLetterStatus | 'all';
  readonly olderThan?: number;
}

/** Which dead letters the words and flags of a command name. USAGE for a place that is none. */
export function letterFilter(words: readonly string[], flags: LetterFlags): DeadLetterFilter {
  const { topic, reason, status, olderThan: olderThanSeconds } = flags;
  const place = words.length === 0 ? undefined : placeOf(words);
  const statuses = status === undefined || status === 'all' ? undefined : [status];
  return { topic, reason, place, olderThanSeconds, status: statuses };
}

/** `TOPIC/PARTITION/OFFSET`, `TOPIC/PARTITION@OFFSET`, or the three as words. */
export function placeOf(words: readonly string[]): RecordPlace {
  const match = /^(.+)[/ ](\d+)[/@ ](\d+)$/.exec(words.join(' '));
  const [, topic = '', partition, offset] = match ?? [];
  if (match !== null && Number.isSafeInteger(Number(offset))) {
    return { topic, partition: Number(partition), offset: Number(offset) };
  }
  throw new LensError('USAGE', `${words.join(' ')} is no place of a record`, {
    hint: 'TOPIC/PARTITION/OFFSET, as lens dlq list prints them',
  });
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A parser for commander: `30d`, `12h`, `15m`, `10s`, `2w`, in seconds. */
export function age(text: string): number {
  const [, number, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('an age is needed: 30d, 12h, 15m');
  return Number(number) * (SECONDS[unit] as number);
}
