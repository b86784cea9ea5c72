import { editionEntry, type EditionEntry, requireFreeName } from './editions.ts';
import { readEditions, writeEditions } from '../editions-file.ts';
import type { LiveEdition } from '../live-edition.ts';
import { boundedOffsets, boundText, type LogBound } from './log-bound.ts';
import type { MaterializerOptions } from '../materializer-options.ts';
import { NextEdition } from './next-edition.ts';
import { preflight } from './preflight.ts';
import type { RefreshSink } from './refresh-contract.ts';
import { settledLetters } from '../dead-letters/replay-letters.ts';

/** An edition as of an earlier point of the log. */
export interface ReplayRequest {
  readonly name: string;
  readonly bound: LogBound;
  readonly allowDataLoss?: boolean | undefined;
  readonly onProgress?: RefreshSink | undefined;
}

/** Builds it by the live edition's project, and keeps it under its name. */
export async function replayNamed(
  options: MaterializerOptions,
  live: LiveEdition,
  { name, bound, allowDataLoss = false, onProgress, signal }: ReplayRequest & { readonly signal: AbortSignal },
): Promise<EditionEntry> {
  signal.throwIfAborted();
  const { dataDir, log } = options;
  requireFreeName(dataDir, name);
  const { edition } = live;
  const { whole: project, catalog, broken } = edition;
  const checked = { edition, project, log, dataDir, fromLog: true, allowDataLoss };
  onProgress?.({ kind: 'preflight', preflight: await preflight(checked) });
  const topics = catalog.contracts.map((contract) => contract.name);
  const ends = await boundedOffsets(log, topics, bound, signal);
  await using next = await NextEdition.open(
    { from: 'log', decided: edition },
    {
      ...options,
      project,
      catalog,
      broken,
      letters: await live.read(settledLetters),
      signal,
      onProgress: (progress) => onProgress?.({ kind: 'progress', ...progress }),
    },
  );
  const builtBy = `replay ${boundText(bound)}`;
  onProgress?.({ kind: 'phase', phase: 'replay', message: `replaying the log into ${next.file}, ${boundText(bound)}` });
  await next.advance(ends, 'replay', { bulk: true });
  const checkpoint = ends.map(({ topic, partition, end }) => ({ topic, partition, nextOffset: end }));
  await next.close();
  const { number, file } = next;
  const record = { name, number, file, builtBy, builtAt: new Date().toISOString(), checkpoint };
  const editions = readEditions(dataDir);
  await writeEditions(dataDir, { ...editions, named: [...editions.named, record] });
  return editionEntry(dataDir, record);
}
