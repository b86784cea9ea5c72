/**
 * Readers at swaps, in a process of its own: `node bench/measure-swaps.ts PROJECT_DIR DATA_DIR LOG_FILE ROUNDS`. Drains the log into a warehouse
 * and follows it, while generations come in all the time and two readers in the process and two through the control port ask short queries without a
 * pause; each round is a full refresh from the log, one of a model, and a rollback. Prints one line of JSON.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import { EventListeners } from '../src/materializer/event-listeners.ts';
import type { MaterializerEvent } from '../src/materializer/events.ts';
import { Materializer } from '../src/materializer/materializer.ts';
import { loadProject } from '../src/project/load-project.ts';
import { ControlServer } from '../src/service/control-server.ts';
import { loadTopics } from '../src/topics/catalog.ts';
import { script } from './child-process.ts';
import type { Distribution, SwapMeasurement } from './swaps-page.ts';
import { now, type Read, readOn } from './read-on.ts';
import { PLAIN } from './plain-generation.ts';

/** Short ones, as a dashboard asks: some rows of a small table, one of the largest, and how current it is. */
const QUERIES = [
  'select * from user_friction_summary limit 20',
  'select * from fct_generations where generation_id = 4711',
  "select sum(next_offset) from lens.checkpoint where topic = 'generations'",
];
/** So many generations, so many times a second. */
const [EACH_TIME, TIMES] = [20, 20];

const [projectDir = '', dataDir = '', file = '', rounds = ''] = process.argv.slice(2);
const catalog = loadTopics(projectDir);
const told: (MaterializerEvent & { readonly at: number })[] = [];
const events = new EventListeners((event) => told.push({ ...event, at: now() }));
await using log = openEmbeddedLog(file);
await using materializer = await Materializer.open({
  project: loadProject(projectDir),
  catalog,
  log,
  dataDir,
  group: 'lens-bench',
  batch: { maxRecords: 50_000, maxMilliseconds: 50 },
  bulk: { lagRecords: 100_000 },
  compaction: { intervalSeconds: 10 },
  warehouse: {},
  onEvent: events.tell,
});
await materializer.run({});
// What was told of the drain does not count.
told.length = 0;
await using _control = await ControlServer.open(materializer, { dataDir, port: 0, events });
const stop = new AbortController();
const following = materializer.follow(stop.signal);
const publishing = publishOn(stop.signal);
const clients = [1, 2].map(() => fork(script('swap-client.ts'), [dataDir, JSON.stringify(QUERIES)]));
const byPort = clients.map(async (client) => ((await once(client, 'message')) as [Read[]])[0]);
const inside = [1, 2].map(() =>
  readOn(
    (sql) => materializer.query(sql),
    QUERIES,
    () => stop.signal.aborted,
  ),
);

for (let round = 0; round < Number(rounds); round++) {
  for (const swap of [
    () => materializer.run({ fullRefresh: true }),
    () => materializer.run({ fullRefresh: true, models: ['fct_sessions'] }),
    () => materializer.rollback({}),
  ]) {
    // Reads without a refresh beside them, to compare with.
    await sleep(3000);
    await swap();
  }
}
stop.abort();
for (const client of clients) client.send('end');
const reads = { port: (await Promise.all(byPort)).flat(), inside: (await Promise.all(inside)).flat() };
await Promise.all([publishing, following]);

const swaps = told
  .filter((event) => event.kind === 'swap')
  .map(({ at, milliseconds, lastRecordsMilliseconds }) => ({
    from: at - milliseconds,
    to: at,
    lastRecordsMilliseconds,
  }));
const commits = told.filter((event) => event.kind === 'batch').map(({ at }) => at);
const measured: SwapMeasurement = {
  held: distribution(swaps.map(({ from, to }) => to - from)),
  lastRecords: distribution(swaps.map((swap) => swap.lastRecordsMilliseconds)),
  port: split(reads.port),
  inside: split(reads.inside),
  betweenCommits: split(commits.slice(1).map((at, i): Read => [commits[i] as number, at - (commits[i] as number)])),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

/** Those that met a swap, from the moment following was held to the moment it went on, and all others. */
function split(spans: readonly Read[]): { outside: Distribution; across: Distribution } {
  const met = ([began, took]: Read): boolean => swaps.some(({ from, to }) => began <= to && began + took >= from);
  const times = (across: boolean): number[] => spans.filter((span) => met(span) === across).map(([, took]) => took);
  return { outside: distribution(times(false)), across: distribution(times(true)) };
}

function distribution(times: readonly number[]): Distribution {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

async function publishOn(until: AbortSignal): Promise<void> {
  await using writer = await log.write();
  const encoder = await catalog.encoder('generations');
  const { rows } = await materializer.query(
    "select max(generation_id), max(session_date) - date '1970-01-01' from raw_generations",
  );
  const [facts, day] = rows[0] as [number, number];
  // Prompts that are there: else their lookup would find nothing.
  const known = await materializer.query(
    'select prompt_id from raw_generations order by hash(generation_id) limit 10000',
    {
      maxRows: 10_000,
    },
  );
  const prompts = known.rows.map(([id]) => Number(id));
  for (let id = facts; !until.aborted; await sleep(1000 / TIMES)) {
    for (let i = 0; i < EACH_TIME; i++) {
      const { key, value } = encoder.record(generation(++id, facts, day, prompts));
      writer.add('generations', key, value, { timestamp: 1_760_000_000_000 });
    }
    await writer.flush();
  }
}

/** One of the last day, so that the project's tests pass. */
function generation(id: number, facts: number, day: number, prompts: readonly number[]): Record<string, unknown> {
  const user = 1 + ((id * 7919) % Math.round(facts / 50));
  return {
    generation_id: id,
    prompt_id: prompts[(id * 7) % prompts.length],
    user_id: user,
    session_id: user * 10_000 + 9999,
    timestamp: day * 86_400_000_000 + ((id * 1000) % 86_400_000_000),
    session_date: day,
    latency_ms: id % 5000,
    ...PLAIN,
  };
}
