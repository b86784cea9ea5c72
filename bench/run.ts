/**
 * The benchmark of landing alone and of the whole job, on both logs: `npm run bench [-- --generations N --runs N --label TEXT
 * --logs embedded,kafka]`. Every run is a process of its own on a fresh warehouse; the runs of all variants are
 * interleaved, the page shows medians. Kafka: KAFKA_BROKERS, or a local broker on the same cores.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import type { EventLog } from '../src/log/event-log.ts';
import { openKafkaLog } from '../src/log/kafka/kafka-log.ts';
import { loadTopics } from '../src/topics/catalog.ts';
import { applyTopics } from '../src/topics/manage-topics.ts';
import { LocalBroker } from '../tools/kafka/local-broker.ts';
import { type Measurement, recordResult } from './page.ts';
import { publishWorkload } from './workload.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    generations: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    logs: { type: 'string', default: 'embedded,kafka' },
    label: { type: 'string', default: 'working tree' },
  },
});
const generations = Number(values.generations);
const dir = mkdtempSync(path.join(tmpdir(), 'lens-bench-'));

/** The shipped topics without any model: what landing alone costs. */
function landingProject(): string {
  const project = path.join(dir, 'landing');
  mkdirSync(path.join(project, 'models'), { recursive: true });
  cpSync(path.join(ROOT, 'topics'), path.join(project, 'topics'), { recursive: true });
  writeFileSync(
    path.join(project, 'dbt_project.yml'),
    'name: landing\nversion: 0.1.0\nconfig-version: 2\nprofile: landing\n',
  );
  return project;
}

async function publish(log: EventLog): Promise<void> {
  const catalog = loadTopics(ROOT);
  await applyTopics(log, catalog);
  const started = performance.now();
  await publishWorkload(log, catalog, {
    generations,
    users: Math.round(generations / 50),
    prompts: Math.round(generations / 10),
    latePercent: 2,
    newVersionPercent: 5,
    seed: 42,
  });
  process.stdout.write(`published to ${log.description} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

function measure(what: 'landing' | 'job', log: string, where: string, run: number): Measurement {
  const data = path.join(dir, `data-${what}-${log}-${run}`);
  const child = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      path.join(ROOT, 'bench/measure.ts'),
      what,
      what === 'landing' ? landingProject() : ROOT,
      data,
      where,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, UV_THREADPOOL_SIZE: '12' } },
  );
  rmSync(data, { recursive: true, force: true });
  if (child.status !== 0) throw new Error(`the measured run of ${what} on ${log} failed with status ${child.status}`);
  const measurement = JSON.parse(child.stdout.trim().split('\n').at(-1) ?? '') as Measurement;
  process.stdout.write(
    `${what} on ${log}: ${Math.round(measurement.records / measurement.seconds / 1000)} k/s, ` +
      `${((measurement.cpuSeconds / measurement.records) * 1e6).toFixed(2)} CPU s per million, ${Math.round(measurement.peakMb)} MB\n`,
  );
  return measurement;
}

const places = new Map<string, string>();
await using closing = new AsyncDisposableStack();
closing.defer(() => rmSync(dir, { recursive: true, force: true }));
for (const name of values.logs.split(',')) {
  if (name === 'embedded') {
    const file = path.join(dir, 'log.sqlite');
    await using log = openEmbeddedLog(file);
    await publish(log);
    places.set(name, file);
  } else {
    let brokers = process.env['KAFKA_BROKERS'];
    if (brokers === undefined)
      brokers = closing.use(await LocalBroker.start({ folder: path.join(dir, 'kafka') })).address;
    await using log = openKafkaLog({ brokers: brokers.split(',') });
    await publish(log);
    places.set(name, brokers);
  }
}
const measured = new Map<string, Measurement[]>();
for (let run = 0; run < Number(values.runs); run++) {
  for (const what of ['landing', 'job'] as const) {
    for (const [log, where] of places) {
      const key = `${what} on ${log}`;
      measured.set(key, [...(measured.get(key) ?? []), measure(what, log, where, run)]);
    }
  }
}
recordResult(values.label, generations, measured);
process.stdout.write('docs/benchmarks.md is up to date\n');
