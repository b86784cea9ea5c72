/**
 * What a batch costs over tables of one size: `node bench/batches.ts [--facts N --label TEXT --runs N]`. Fills a warehouse
 * with the benchmark's workload on the embedded log, then publishes and applies batches of 1 to 50,000 generations, with a
 * compaction after each size.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import type { GenerationRecord } from '../src/ingest/generation-record.ts';
import type { MaterializerEvent } from '../src/materializer/events.ts';
import { loadTopics } from '../src/topics/catalog.ts';
import { applyTopics } from '../src/topics/manage-topics.ts';
import { type BatchCost, recordBatches } from './page.ts';
import { keep } from './keep.ts';
import { publishWorkload } from './workload.ts';
import { PLAIN } from './plain-generation.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '20' },
    label: { type: 'string', default: 'working tree' },
    publish: { type: 'string' },
  },
});
const facts = Number(values.facts);
const users = Math.round(facts / 50);
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
const past = await storedGenerations();
let newest = facts;
let version = 0;

const costs: BatchCost[] = [];
for (const batch of [1, 100, 1000, 10_000, 50_000]) {
  const times: number[] = [];
  let cpu = 0;
  // The first ones of a size are for warming up.
  const runs = batch > 10_000 ? Math.ceil(Number(values.runs) / 3) : Number(values.runs);
  for (let run = -2; run < runs; run++) {
    for (let i = 0; i < batch; i++) {
      const { key, value } = encoder.record(i % 20 === 19 ? newVersion() : newGeneration(++newest));
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

/** Some of the last fifth of the generations, as they are stored. */
async function storedGenerations(): Promise<GenerationRecord[]> {
  const { rows } = await materializer.query(
    `select generation_id, prompt_id, user_id, session_id, epoch_us("timestamp"), session_date - date '1970-01-01', latency_ms,
       status, cost_credits, retry_count, model_version, token_count
     from raw_generations where generation_id > ${facts * 0.8} order by hash(generation_id) limit 50000`,
    { maxRows: 50_000 },
  );
  return rows.map((row) => ({
    generation_id: Number(row[0]),
    prompt_id: Number(row[1]),
    user_id: Number(row[2]),
    session_id: Number(row[3]),
    timestamp: Number(row[4]),
    session_date: Number(row[5]),
    latency_ms: Number(row[6]),
    status: row[7] as GenerationRecord['status'],
    cost_credits: Number(row[8]),
    retry_count: Number(row[9]),
    feedback: null,
    downloaded: null,
    model_version: String(row[10]),
    token_count: Number(row[11]),
  }));
}

/** Feedback that comes later, as a new version of a generation some way back. */
function newVersion(): GenerationRecord {
  const at = version++;
  const record = past[at % past.length] as GenerationRecord;
  return { ...record, feedback: at % 3 === 0 ? 'thumbs_down' : 'thumbs_up', downloaded: at % 2 === 0 };
}

/** A generation in a session of some user. */
function newGeneration(id: number): GenerationRecord {
  const user = 1 + ((id * 7919) % users);
  return {
    generation_id: id,
    prompt_id: (past[(id * 7) % past.length] as GenerationRecord).prompt_id,
    user_id: user,
    session_id: user * 10_000 + 1,
    timestamp: 1_760_000_000_000_000 + id * 1000,
    session_date: 20_400,
    latency_ms: id % 5000,
    ...PLAIN,
  };
}
