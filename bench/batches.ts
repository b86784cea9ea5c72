/**
 * What a batch costs over tables of one size: `node bench/batches.ts [--facts N --traffic visits|scattered --label TEXT --runs N]`. Fills a warehouse
 * with the benchmark's workload on the embedded log, then publishes and applies batches of 1 to 50,000 generations, with a
 * compaction after each size.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import type { MaterializerEvent } from '../src/materializer/events.ts';
import { loadTopics } from '../src/topics/catalog.ts';
import { applyTopics } from '../src/topics/manage-topics.ts';
import { BatchTraffic, type Traffic } from './batch-traffic.ts';
import { type BatchCost, recordBatches } from './page.ts';
import { keep } from './keep.ts';
import { publishWorkload } from './workload.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '20' },
    traffic: { type: 'string', default: 'visits' },
    label: { type: 'string', default: 'working tree' },
    publish: { type: 'string' },
  },
});
const facts = Number(values.facts);
const users = Math.round(facts / 50);
const traffic: Traffic = values.traffic === 'scattered' ? 'scattered' : 'visits';
const catalog = loadTopics(ROOT);
if (values.publish !== undefined) {
  await publish(values.publish);
  process.exit();
}
const dir = mkdtempSync(path.join(tmpdir(), 'lens-batches-'));
await using closing = new AsyncDisposableStack();
closing.defer(() => rmSync(dir, { recursive: true, force: true }));
// In a process of its own, so that what it needs is no part of our memory.
const file = path.join(dir, 'log.sqlite');
const again = [...process.execArgv, import.meta.filename, '--facts', values.facts, '--publish', file];
if (spawnSync(process.execPath, again, { stdio: 'inherit' }).status !== 0) throw new Error('publishing failed');
const log = closing.use(openEmbeddedLog(file));
const events: MaterializerEvent[] = [];
const materializer = closing.use(
  await keep(ROOT, path.join(dir, 'data'), log, { onEvent: (event) => events.push(event) }),
);
await materializer.run({});
const writer = closing.use(await log.write());
const encoder = await catalog.encoder('generations');
const next = await BatchTraffic.over(materializer, traffic, facts);

const costs: BatchCost[] = [];
for (const batch of [1, 100, 1000, 10_000, 50_000]) {
  const times: number[] = [];
  let cpu = 0;
  // The first ones of a size are for warming up.
  const runs = batch > 10_000 ? Math.ceil(Number(values.runs) / 3) : Number(values.runs);
  for (let run = -2; run < runs; run++) {
    for (let i = 0; i < batch; i++) {
      const { key, value } = encoder.record(next.next());
      writer.add('generations', key, value, { timestamp: 1_760_000_000_000 });
    }
    await writer.flush();
    const before = events.length;
    const used = process.cpuUsage();
    await materializer.catchUp();
    const { user, system } = process.cpuUsage(used);
    if (run < 0) continue;
    cpu += (user + system) / 1000;
    const applied = events.slice(before).filter((event) => event.kind === 'batch');
    times.push(applied.reduce((sum, event) => sum + event.milliseconds, 0));
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
  const { milliseconds, heldMilliseconds } = await materializer.compact({ full: false });
  costs.push({
    traffic,
    facts,
    batch,
    runs: times.length,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    cpuMs: cpu / times.length,
    compactionMs: milliseconds,
    heldMs: heldMilliseconds,
  });
  process.stdout.write(
    `${batch} over ${facts}: ${at(0.5).toFixed(0)} ms (p95 ${at(0.95).toFixed(0)}), CPU ${(cpu / times.length).toFixed(0)} ms; compaction ${milliseconds.toFixed(0)} ms, held ${heldMilliseconds.toFixed(0)}\n`,
  );
}
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
recordBatches(values.label, costs, peak);
process.stdout.write(`peak ${peak} MB; docs/benchmarks.md is up to date\n`);

async function publish(to: string): Promise<void> {
  await using published = openEmbeddedLog(to);
  await applyTopics(published, catalog);
  await publishWorkload(published, catalog, {
    generations: facts,
    users,
    prompts: Math.round(facts / 10),
    latePercent: 2,
    newVersionPercent: 5,
    seed: 42,
  });
}
