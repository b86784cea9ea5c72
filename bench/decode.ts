/**
 * Rates of the columnar path on one thread: encoding, decoding into columns, sealing, appending to a DuckDB file.
 * Run: node bench/decode.ts [records]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { sqlType } from '../src/core/columns.ts';
import { Random } from '../src/core/random.ts';
import { loadTopics, type SealedBatch } from '../src/topics/catalog.ts';
import type { RecordBlock } from '../src/log/record-block.ts';
import { appendChunks } from '../src/warehouse/column-writer.ts';
import { blockOf } from '../test/topics/blocks.ts';

const BLOCK = 16_384;
const BATCH = 100_000;
const total = Number(process.argv[2] ?? 1_000_000);
const catalog = loadTopics(path.join(import.meta.dirname, '..'));
const random = new Random(7);

function generation(i: number): Record<string, unknown> {
  const status = random.weighted([
    ['success', 90],
    ['timeout', 4],
    ['safety_violation', 3],
    ['model_error', 3],
  ] as const);
  return {
    generation_id: i,
    prompt_id: random.below(100_000),
    user_id: random.below(20_000),
    session_id: random.below(200_000_000),
    timestamp: 1_790_000_000_000_000 + i * 137_000,
    session_date: 20_700 + (i >> 14),
    latency_ms: random.below(30_000),
    status,
    cost_credits: (random.below(90_000) / 10_000).toFixed(4),
    retry_count: random.below(4),
    feedback: random.chance(0.1) ? 'thumbs_up' : null,
    downloaded: random.chance(0.5) ? random.chance(0.5) : null,
    model_version: random.pick(['v1.4', 'v1.5', 'v2.0', 'v2.1']),
    token_count: random.below(120),
  };
}

let started = { wall: 0, cpu: process.cpuUsage() };
function start(): void {
  started = { wall: performance.now(), cpu: process.cpuUsage() };
}

/** Rate by the clock, and CPU seconds of the whole process (garbage collector and DuckDB's threads too) per million. */
function report(what: string, count: number): void {
  const milliseconds = performance.now() - started.wall;
  const { user, system } = process.cpuUsage(started.cpu);
  const rate = Math.round(count / milliseconds).toString();
  console.log(
    `${what.padEnd(44)} ${rate.padStart(6)} k/s  ${((user + system) / count).toFixed(2).padStart(6)} CPU s per million`,
  );
}

const values = Array.from({ length: total }, (_, i) => generation(i % 20 === 19 ? i - 10 : i));
const encoder = await catalog.encoder('generations');
for (let round = 0; round < 3; round++) {
  start();
  let size = 0;
  for (const value of values) size += encoder.record(value).value.length;
  report(`encode (${Math.round(size / total)} bytes each)`, total);
}
const blocks: RecordBlock[] = [];
for (let at = 0; at < total; at += BLOCK) {
  blocks.push(
    blockOf(
      values.slice(at, at + BLOCK).map((value) => encoder.record(value)),
      'generations',
    ),
  );
}
values.length = 0;

const batch = catalog.batch('generations');
/** Decodes everything in batches and hands each to `use` (null: does not even seal). */
async function run(what: string, use: ((sealed: SealedBatch) => Promise<void> | void) | null): Promise<void> {
  start();
  for (const block of blocks) {
    batch.add(block);
    if (batch.recordCount < BATCH && block !== blocks.at(-1)) continue;
    if (use !== null) await use(batch.seal());
    batch.reset();
  }
  report(what, total);
}
for (let round = 0; round < 3; round++) await run('decode and check', null);
for (let round = 0; round < 3; round++) await run('decode, check, de-duplicate (5 % versions)', () => undefined);

const folder = mkdtempSync(path.join(tmpdir(), 'lens-bench-'));
const instance = await DuckDBInstance.create(path.join(folder, 'bench.duckdb'), { checkpoint_threshold: '4GB' });
const connection = await instance.connect();
const columns = catalog.contract('generations').columns.map(({ name, type }) => `"${name}" ${sqlType(type)}`);
for (const commit of [false, true]) {
  for (let round = 0; round < 3; round++) {
    await connection.run(`create or replace table raw_generations (${columns.join(', ')})`);
    await run(`decode ... and append${commit ? ', commit each 100 k' : ''}`, async (sealed) => {
      await connection.run('begin');
      await appendChunks(connection, { table: 'raw_generations' }, sealed.rows);
      await connection.run(commit ? 'commit' : 'rollback');
    });
  }
}
connection.closeSync();
instance.closeSync();
rmSync(folder, { recursive: true });
