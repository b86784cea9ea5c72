import type { EventSink, MaterializerEvent } from '../materializer/events.ts';
import { eventLine } from './event-line.ts';
import type { Output } from './output.ts';
import type { Progress } from './progress.ts';

/**
 * Prints each thing the materializer does as a line, but for a compaction that had nothing to do; `progress` moves the bar instead.
 *
 * @param failures of models: as they come, or left to the command, which names them at its end
 * @param seeds those of which the command itself says that they were loaded
 */
export function eventPrinter(
  output: Output,
  progress: Progress,
  failures: 'as they come' | 'at the end' = 'as they come',
  seeds: readonly string[] = [],
): EventSink {
  return (event: MaterializerEvent) => {
    if (event.kind === 'progress') {
      progress.update(event.label, event.done, event.total);
      return;
    }
    if (event.kind === 'model-failed' && failures === 'at the end') return;
    if (event.kind === 'seed-loaded' && seeds.includes(event.seed)) return;
    if (event.kind === 'compaction' && event.models.length + event.failed.length === 0) return;
    progress.clear();
    const { kind, ...rest } = event;
    if (NOTICES.has(kind)) output.notice(eventLine(event), { event: kind, ...rest });
    else output.line(eventLine(event), { event: kind, ...rest });
  };
}

/** What goes to standard error. */
const NOTICES: ReadonlySet<MaterializerEvent['kind']> = new Set(['notice', 'seed-loaded', 'model-failed']);

/** Notices only: for commands whose own result is on standard output. */
export function noticePrinter(output: Output): EventSink {
  return (event) => {
    if (event.kind === 'notice' || event.kind === 'seed-loaded') output.notice(event.message);
  };
}
