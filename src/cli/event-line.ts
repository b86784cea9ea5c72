import { unreachable } from '../core/errors.ts';
import type { MaterializerEvent } from '../materializer/events.ts';
import { count, counted, duration } from './numbers.ts';

/** One line for people about one thing the materializer did. */
export function eventLine(event: MaterializerEvent): string {
  switch (event.kind) {
    case 'batch': {
      const topics = event.topics.map(({ topic, records }) => `${topic} ${count(records)}`).join(', ');
      const changed = event.mode === 'fold' ? `, ${counted(event.rowsChanged, 'model row')} changed` : '';
      const dead = event.deadLetters > 0 ? `, ${counted(event.deadLetters, 'dead letter')}` : '';
      const verb = event.mode === 'fold' ? 'batch' : 'landed';
      const lag = event.lag > 0 ? `, ${count(event.lag)} behind` : '';
      return `${verb}: ${counted(event.records, 'record')} (${topics})${changed}${dead}${lag}, ${duration(event.milliseconds)}`;
    }
    case 'rebuild':
      return `rebuild: ${event.models.join(', ')} (${event.reason}), ${duration(event.milliseconds)}`;
    case 'compaction': {
      const models = event.models.map(({ name, rowsChanged }) => `${name} ${counted(rowsChanged, 'row')} changed`);
      const what = models.length === 0 ? 'nothing to do' : models.join(', ');
      const failed = event.failed.length === 0 ? '' : `, failed: ${event.failed.map(({ name }) => name).join(', ')}`;
      return `${event.full ? 'full compaction' : 'compaction'}: ${what}${failed}, ${duration(event.milliseconds)}`;
    }
    case 'progress':
      return `${event.label}: ${count(event.done)} of ${count(event.total)}`;
    case 'swap':
      return `swap: the new edition took over, ${duration(event.milliseconds)}`;
    case 'seed-loaded':
    case 'notice':
    case 'model-failed':
      return event.message;
    default:
      return unreachable(event);
  }
}
