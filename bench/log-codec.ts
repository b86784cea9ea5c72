/**
 * What the log's codec and the embedded log cost: `node bench/log-codec.ts [RECORDS]`. Prints records per second and CPU
 * seconds per million for building and reading record batches with each codec, and for writing and reading an embedded log.
 * The records have keys of 1-7 bytes and values of 57 bytes, half of each random (the size of an encoded generation).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../src/core/random.ts';
import { BatchBuilder } from '../src/log/batch-builder.ts';
import { BatchReader } from '../src/log/batch-reader.ts';
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import type { Compression } from '../src/log/event-log.ts';

const CODECS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const RECORDS = Number(process.argv[2] ?? 500_000);
const BATCH = 1000;
const BATCHES_PER_READ = 15;
const VALUE_BYTES = 57;
const SAMPLES = 4096;
const ROUNDS = 3;
const PARTITIONS = 4;
const START = 1_700_000_000_000;

const random = new Random(1);
const values = Array.from({ length: SAMPLES }, () =>
  Uint8Array.from({ length: VALUE_BYTES }, (_, j) => (j % 2 === 0 ? random.below(256) : j)),
);
const keys = Array.from({ length: SAMPLES }, (_, i) => Buffer.from(String(i * i)));

/** The best of some rounds: the machine is shared. */
async function measured(label: string, work: () => void | Promise<void>): Promise<void> {
  let best = Infinity;
  let cpu = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpu = Math.min(cpu, user + system);
  }
  const rate = (RECORDS / best / 1000).toFixed(2).padStart(6);
  console.log(`${label.padEnd(24)} ${rate} M records/s  ${(cpu / RECORDS).toFixed(2)} CPU s per million`);
}

function built(codec: Compression): Uint8Array[] {
  const builder = new BatchBuilder(codec);
  const batches: Uint8Array[] = [];
  for (let i = 0; i < RECORDS; i++) {
    builder.add(keys[i % SAMPLES] as Uint8Array, values[i % SAMPLES] as Uint8Array, START + i);
    if (builder.count === BATCH) batches.push(builder.finish({ baseOffset: i + 1 - BATCH }));
  }
  return batches;
}

function readAll(reads: readonly Uint8Array[]): void {
  const reader = new BatchReader('bench', 0);
  let from = 0;
  for (const bytes of reads) from = reader.read(bytes, 0, bytes.length, from).nextOffset;
  if (from !== Math.floor(RECORDS / BATCH) * BATCH) throw new Error(`read up to ${from} of ${RECORDS}`);
}

async function benchCodecs(): Promise<void> {
  for (const codec of CODECS) {
    await measured(`build ${codec}`, () => void built(codec));
    const batches = built(codec);
    const reads: Uint8Array[] = [];
    for (let i = 0; i < batches.length; i += BATCHES_PER_READ) {
      reads.push(Buffer.concat(batches.slice(i, i + BATCHES_PER_READ)));
    }
    await measured(`read ${codec}`, () => readAll(reads));
  }
}

async function benchEmbedded(codec: Compression): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lens-bench-'));
  try {
    await using log = openEmbeddedLog(join(folder, 'log.sqlite'));
    let topic = '';
    let round = 0;
    await measured(`embedded write ${codec}`, async () => {
      topic = `bench${round++}`;
      await log.createTopic({ name: topic, partitions: PARTITIONS, settings: {} });
      await using writer = await log.write({ compression: codec });
      for (let i = 0; i < RECORDS; i++) {
        const options = { timestamp: START + i };
        writer.add(topic, keys[i % SAMPLES] as Uint8Array, values[i % SAMPLES] as Uint8Array, options);
        if (i % BATCH === 0) await writer.drain();
      }
    });
    const from = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
    await measured(`embedded read ${codec}`, async () => {
      await using reader = await log.read(from);
      let records = 0;
      for (let block = await reader.next(0); block !== null; block = await reader.next(0)) records += block.count;
      if (records !== RECORDS) throw new Error(`read ${records} of ${RECORDS}`);
    });
    const bytes = statSync(join(folder, 'log.sqlite')).size / ROUNDS / RECORDS;
    console.log(`${`embedded file ${codec}`.padEnd(24)} ${bytes.toFixed(1)} bytes a record`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await benchCodecs();
for (const codec of ['none', 'zstd'] as const) await benchEmbedded(codec);
