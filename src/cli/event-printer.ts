import type { EventSink, MaterializerEvent } from '../materializer/events.ts';
import { eventLine } from './event-line.ts';
import type { Output } from './output.ts';
import type { Progress } from './progress.ts';

/**
 * Prints each thing the materializer does as a line; `progress` moves the bar instead.
 *
 * @param failures of models: as they come, or left to the command, which names them at its end
 */
export function eventPrinter(
  output: Output,
  progress: Progress,
  failures: 'as they come' | 'at the end' = 'as they come',
): EventSink {
  return (event: MaterializerEvent) => {
    if (event.kind === 'progress') {
      progress.update(event.label, event.done, event.total);
      return;
    }
    if (event.kind === 'model-failed' && failures === 'at the end') return;
    progress.clear();
    const { kind, ...rest } = event;
    if (kind === 'notice' || kind === 'model-failed') output.notice(eventLine(event), { event: kind, ...rest });
    else output.line(eventLine(event), { event: kind, ...rest });
  };
}

/** Notices only: for commands whose own result is on standard output. */
export function noticePrinter(output: Output): EventSink {
  return (event) => {
    if (event.kind === 'notice') output.notice(event.message);
  };
}
