import type { Preflight } from '../materializer/editions/preflight.ts';
import type { Refreshed, RefreshNews, RefreshSink } from '../materializer/editions/refresh-contract.ts';
import { bytes, counted, duration } from './numbers.ts';
import type { Output } from './output.ts';
import type { Progress } from './progress.ts';

/** Prints what a full refresh tells: a line for what it found and for each phase; `progress` moves the bar. */
export function refreshPrinter(output: Output, progress: Progress): RefreshSink {
  return (news: RefreshNews) => {
    if (news.kind === 'progress') {
      progress.update(news.label, news.done, news.total);
      return;
    }
    progress.clear();
    if (news.kind === 'phase') output.line(`${news.phase}: ${news.message}`, { event: 'refresh', ...news });
    else {
      for (const warning of warningsOf(news.preflight)) output.notice(warning);
      output.line(`preflight: ${preflightText(news.preflight)}`, { event: 'refresh', ...news });
    }
  };
}

/** What became of it, in one line. */
export function refreshedText({ edition, previous, tests, heldMilliseconds }: Refreshed): string {
  const tested = tests > 0 ? `${counted(tests, 'data test')} passed, ` : '';
  return `edition ${edition} is live: ${tested}following was held for ${duration(heldMilliseconds)}, readers were not; lens rollback returns to edition ${previous}`;
}

function preflightText({ records, topics, disk, neverRefreshed }: Preflight): string {
  const replayed =
    records === null ? 'nothing to replay' : `${counted(records, 'record')} of ${counted(topics, 'topic')} to replay`;
  const left = neverRefreshed.length > 0 ? `; full_refresh: false, left alone: ${neverRefreshed.join(', ')}` : '';
  return `${replayed}, about ${bytes(disk.needed)} of disk needed, ${bytes(disk.free)} free${left}`;
}

function warningsOf({ lost, forgetting }: Preflight): string[] {
  return [
    ...lost.map(({ topic, partition, firstApplied, earliestHeld, offsets, recreated, table, tableRows }) => {
      const what = recreated
        ? `the topic was deleted and made again, ${counted(offsets, 'record')} applied before are gone`
        : `offsets ${firstApplied} to ${firstApplied + offsets - 1} are gone (earliest held: ${earliestHeld ?? 'none'})`;
      return `will be lost: ${topic}/${partition}: ${what}; ${table} has ${counted(tableRows, 'row')} now`;
    }),
    ...forgetting.map(
      ({ topic, setting }) =>
        `topic ${topic} forgets: ${setting}; what it has dropped a later full refresh cannot bring back (retention.ms=-1 keeps it)`,
    ),
  ];
}
