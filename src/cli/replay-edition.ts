import type { Command } from 'commander';
import { LensError } from '../core/errors.ts';
import type { LogBound } from '../materializer/editions/log-bound.ts';
import { withWarehouse } from '../service/hold-warehouse.ts';
import { eventPrinter } from './event-printer.ts';
import { interruption, reportInterruption } from './interruption.ts';
import { invocationOf } from './invocation.ts';
import { bytes } from './numbers.ts';
import { Progress } from './progress.ts';
import { refreshPrinter } from './refresh-printer.ts';

/** What of `lens run --full-refresh` builds an edition as of an earlier point of the log. */
export interface ReplayFlags {
  readonly fullRefresh?: boolean;
  readonly allowDataLoss?: boolean;
  readonly select?: readonly string[];
  readonly exclude?: readonly string[];
  readonly edition?: string;
  readonly toOffset?: string;
  readonly toTime?: string;
}

const EXAMPLE = 'lens run --full-refresh --edition march --to-time 2026-04-01T00:00:00Z';

export function isReplay({ edition, toOffset, toTime }: ReplayFlags): boolean {
  return edition !== undefined || toOffset !== undefined || toTime !== undefined;
}

/** Replays the log up to a point into an edition for reading, beside the live one. */
export async function replayEdition(flags: ReplayFlags, command: Command): Promise<void> {
  const { settings, output } = invocationOf(command);
  const { name, bound } = asked(flags);
  using progress = new Progress(output);
  const opening = { onEvent: eventPrinter(output, progress), create: true } as const;
  const options = {
    name,
    bound,
    allowDataLoss: flags.allowDataLoss,
    signal: interruption(),
    onProgress: refreshPrinter(output, progress),
  };
  const entry = await withWarehouse(settings, opening, (operations) => operations.replay(options));
  progress.clear();
  if (entry === null) reportInterruption(output, 'nothing is left of the edition');
  else {
    const text = `edition ${entry.name} is there, ${bytes(entry.bytes)}: lens query --edition ${entry.name} asks it`;
    output.line(text, { event: 'replayed', ...entry });
  }
}

/** USAGE for flags that do not fit together. */
function asked(flags: ReplayFlags): { name: string; bound: LogBound } {
  const { fullRefresh, select, exclude, edition, toOffset, toTime } = flags;
  const wrong = (message: string): LensError => new LensError('USAGE', message, { hint: EXAMPLE });
  if (fullRefresh !== true) throw wrong('--edition, --to-offset and --to-time belong to --full-refresh');
  if (select !== undefined || exclude !== undefined) throw wrong('an edition for reading has all models');
  if (edition === undefined) throw wrong('an edition as of an earlier time needs a name: --edition NAME');
  if ((toOffset === undefined) === (toTime === undefined)) throw wrong('give --to-offset or --to-time with --edition');
  if (toTime !== undefined) return { name: edition, bound: { toTime: timeOf(toTime) } };
  return { name: edition, bound: { toOffsets: (toOffset ?? '').split(',').map(placeOf) } };
}

/** ISO 8601; without a zone it is UTC, as everywhere here. */
function timeOf(text: string): number {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    text.trim(),
  );
  const [, date, time = '00:00', zone = 'Z'] = parts ?? [];
  const value = Date.parse(`${date}T${time}${zone}`);
  if (parts !== null && !Number.isNaN(value)) return value;
  throw new LensError('USAGE', `${JSON.stringify(text)} is no time`, {
    place: '--to-time',
    hint: 'as 2026-03-01 or 2026-03-01T12:00:00Z',
  });
}

function placeOf(text: string): { topic: string; partition: number; offset: number } {
  const [, topic = '', partition, offset] = /^(.+)\/(\d+):(\d+)$/.exec(text.trim()) ?? [];
  if (partition !== undefined && offset !== undefined)
    return { topic, partition: Number(partition), offset: Number(offset) };
  throw new LensError('USAGE', `${JSON.stringify(text)} is no place in the log`, {
    place: '--to-offset',
    hint: 'as orders/0:1200,orders/1:1180: the records before these offsets',
  });
}
