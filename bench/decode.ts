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
import { loadTopics } from '../src/topics/catalog.ts';
import type { RecordBlock } from '../src/log/record-block.ts';
import { appendChunks } from '../src/warehouse/column-writer.ts';
import { blockOf, type TestRecord } from '../test/topics/blocks.ts';

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

function report(what: string, count: number, milliseconds: number): void {
  console.log(
    `${what.padEnd(42)} ${Math.round(count / milliseconds)
      .toString()
      .padStart(6)} k/s   ${milliseconds.toFixed(0)} ms`,
  );
}

const values = Array.from({ length: total }, (_, i) => generation(i % 20 === 19 ? i - 10 : i));
const encoder = await catalog.encoder('generations');
let started = performance.now();
const records: TestRecord[] = values.map((value) => encoder.record(value));
report('encode', total, performance.now() - started);
const blocks: RecordBlock[] = [];
for (let at = 0; at < total; at += BLOCK) blocks.push(blockOf(records.slice(at, at + BLOCK), 'generations'));

const batch = catalog.batch('generations');
/** Decodes everything in batches and hands each to `use`. */
async function run(use: (rows: ReturnType<typeof batch.seal>) => Promise<void> | void, seal = true): Promise<number> {
  const from = performance.now();
  for (const block of blocks) {
    batch.add(block);
    if (batch.recordCount < BATCH) continue;
    if (seal) await use(batch.seal());
    batch.reset();
  }
  if (seal) await use(batch.seal());
  batch.reset();
  return performance.now() - from;
}
for (let round = 0; round < 3; round++) report('decode and check', total, await run(() => undefined, false));
for (let round = 0; round < 3; round++)
  report('decode, check, de-duplicate (5 % versions)', total, await run(() => undefined));

const folder = mkdtempSync(path.join(tmpdir(), 'lens-bench-'));
const instance = await DuckDBInstance.create(path.join(folder, 'bench.duckdb'), { checkpoint_threshold: '4GB' });
const connection = await instance.connect();
const columns = catalog.contract('generations').columns.map(({ name, type }) => `"${name}" ${sqlType(type)}`);
for (let round = 0; round < 3; round++) {
  await connection.run(`create or replace table raw_generations (${columns.join(', ')})`);
  let appending = 0;
  const whole = await run(async (sealed) => {
    started = performance.now();
    await connection.run('begin');
    await appendChunks(connection, { table: 'raw_generations' }, sealed.rows);
    appending += performance.now() - started;
    await connection.run('commit');
  });
  report('decode ... and append', total, whole - 0);
  report('  of which the append', total, appending);
}
connection.closeSync();
instance.closeSync();
rmSync(folder, { recursive: true });
