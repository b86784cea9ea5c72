/**
 * One measured full refresh in a process of its own: `node bench/measure-refresh.ts PROJECT_DIR DATA_DIR LOG_FILE`. Drains the log into a
 * warehouse, follows it, and refreshes it from the log beside that, with the project's data tests. Prints one line of JSON.
 */
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import { keep } from './keep.ts';
import type { RefreshMeasurement } from './page.ts';

const [projectDir = '', dataDir = '', file = ''] = process.argv.slice(2);
await using log = openEmbeddedLog(file);
await using materializer = await keep(projectDir, dataDir, log);
await materializer.run({});
const stop = new AbortController();
const following = materializer.follow(stop.signal);
/** When each phase began. */
const phases = new Map<string, number>();
const started = performance.now();
const cpu = process.cpuUsage();
const { refreshed } = await materializer.run({
  fullRefresh: true,
  onProgress: (news) => {
    if (news.kind === 'phase') phases.set(news.phase, performance.now());
  },
});
const ended = performance.now();
const used = process.cpuUsage(cpu);
stop.abort();
await following;
const seconds = (from: string, to: number | undefined): number => ((to ?? ended) - (phases.get(from) ?? ended)) / 1000;
const measured: RefreshMeasurement = {
  records: refreshed?.records ?? 0,
  replaySeconds: seconds('replay', phases.get('catch up')),
  testSeconds: seconds('tests', phases.get('swap')),
  tests: refreshed?.tests ?? 0,
  heldMs: refreshed?.heldMilliseconds ?? 0,
  seconds: (ended - started) / 1000,
  cpuSeconds: (used.user + used.system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
