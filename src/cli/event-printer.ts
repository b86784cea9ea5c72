import type { EventSink, MaterializerEvent } from '../materializer/events.ts';
import { eventLine } from './event-line.ts';
import type { Output } from './output.ts';
import type { Progress } from './progress.ts';

/** Prints each thing the materializer does as a line; `progress` moves the bar instead. */
export function eventPrinter(output: Output, progress: Progress): EventSink {
  return (event: MaterializerEvent) => {
    if (event.kind === 'progress') {
      progress.update(event.label, event.done, event.total);
      return;
    }
    progress.clear();
    if (event.kind === 'notice') output.notice(event.message);
    else {
      const { kind, ...rest } = event;
      output.line(eventLine(event), { event: kind, ...rest });
    }
  };
}

/** Notices only: for commands whose own result is on standard output. */
export function noticePrinter(output: Output): EventSink {
  return (event) => {
    if (event.kind === 'notice') output.notice(event.message);
  };
}
