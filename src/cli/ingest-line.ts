import type { IngestSummary } from '../ingest/ingest-contract.ts';
import { counted, duration } from './numbers.ts';

/** One line for people about what an ingest script did. */
export function ingestLine({ topic, records, milliseconds, notes, stopped }: IngestSummary): string {
  const ended = stopped ? ', stopped before its end' : '';
  return [`ingest: ${counted(records, 'record')} to ${topic}, ${duration(milliseconds)}${ended}`, ...notes].join(
    '\n  ',
  );
}
