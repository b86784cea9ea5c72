import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import type { Traffic } from './batch-traffic.ts';
import { type BillingCost, billingTable } from './billing-page.ts';
import { type SwapMeasurement, type SwapResult, swapTables } from './swaps-page.ts';

/** What one measured run says of itself. */
export interface Measurement {
  readonly records: number;
  readonly deadLetters: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly transactionSeconds: number;
  readonly rebuildSeconds: number;
  readonly compactionSeconds: number;
}

interface Result {
  readonly label: string;
  readonly date: string;
  readonly machine: string;
  readonly generations: number;
  readonly rows: readonly (Measurement & { readonly name: string; readonly runs: number })[];
}

/** Batches of one size over a warehouse of one size. */
export interface BatchCost {
  /** Whose the generations are: of users coming and going, or (as all were at first) each of another user. */
  readonly traffic?: Traffic;
  readonly facts: number;
  readonly batch: number;
  readonly runs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Of our whole process, a batch. */
  readonly cpuMs: number;
  /** The compaction after all runs of this size, and how long of it batches had to wait. */
  readonly compactionMs?: number;
  readonly heldMs?: number;
  /** Of the process that did all sizes. */
  readonly peakMb?: number;
}

interface BatchResult {
  readonly label: string;
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly BatchCost[];
}

/** A full build of every model over landed records, and dbt's of the same. */
export interface BuildCost {
  readonly label: string;
  readonly facts: number;
  /** Draining the log with all models right at the end. */
  readonly job: Measurement;
  /** `dbt build` of the models over the same raw tables, its start and parsing aside. */
  readonly dbtSeconds: number;
  /** What comparing both said. */
  readonly compared: string;
}

/** A full refresh from the log beside the live edition. */
export interface RefreshMeasurement {
  readonly records: number;
  /** From the first record to every model built. */
  readonly replaySeconds: number;
  readonly testSeconds: number;
  readonly tests: number;
  /** How long following was held for the swap. */
  readonly heldMs: number;
  /** All of it, preflight and the last compaction included. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

export interface RefreshCost {
  readonly label: string;
  readonly facts: number;
  readonly refresh: RefreshMeasurement;
  /** `dbt build` of the models over the same raw tables, its start and parsing aside. */
  readonly dbtSeconds: number;
  /** What comparing both said. */
  readonly compared: string;
}

const RESULTS = path.join(import.meta.dirname, 'results.json');
const BATCHES = path.join(import.meta.dirname, 'batches.json');
const BUILDS = path.join(import.meta.dirname, 'builds.json');
const REFRESHES = path.join(import.meta.dirname, 'refreshes.json');
const BILLINGS = path.join(import.meta.dirname, 'billings.json');
const SWAPS = path.join(import.meta.dirname, 'swaps.json');
const PAGE = path.join(import.meta.dirname, '../docs/benchmarks.md');

/** Adds a result to bench/results.json (a label measured again replaces its old result) and writes docs/benchmarks.md anew. */
export function recordResult(
  label: string,
  generations: number,
  measured: ReadonlyMap<string, readonly Measurement[]>,
): void {
  const before = read<Result>(RESULTS);
  const rows = [...measured].map(([name, runs]) => ({ name, runs: runs.length, ...medianRun(runs) }));
  const result = { label, ...hereAndNow(), generations, rows };
  write(RESULTS, [...before.filter((r) => r.label !== label || r.generations !== generations), result]);
}

/** The same for the cost of batches, in bench/batches.json; figures of other table sizes and traffic under the label stay. */
export function recordBatches(label: string, costs: readonly BatchCost[], peakMb: number): void {
  const measured = costs.map((cost) => ({ ...cost, peakMb }));
  const before = read<BatchResult>(BATCHES);
  const series = (row: BatchCost): string => `${row.facts} ${trafficOf(row)}`;
  const again = new Set(measured.map(series));
  const kept = before.find((r) => r.label === label)?.rows.filter((row) => !again.has(series(row))) ?? [];
  const rows = [...kept, ...measured].sort(
    (a, b) => trafficOf(b).localeCompare(trafficOf(a)) || a.batch - b.batch || a.facts - b.facts,
  );
  write(BATCHES, [...before.filter((r) => r.label !== label), { label, ...hereAndNow(), rows }]);
}

/** Adds a full build to bench/builds.json and writes docs/benchmarks.md anew. */
export function recordBuild(build: BuildCost): void {
  const before = read<BuildCost>(BUILDS);
  write(BUILDS, [...before.filter((b) => b.label !== build.label || b.facts !== build.facts), build]);
}

/** Adds a full refresh to bench/refreshes.json and writes docs/benchmarks.md anew. */
export function recordRefresh(cost: RefreshCost): void {
  const before = read<RefreshCost>(REFRESHES);
  write(REFRESHES, [...before.filter((one) => one.label !== cost.label || one.facts !== cost.facts), cost]);
}

/** Adds what readers saw of swaps to bench/swaps.json and writes docs/benchmarks.md anew. */
export function recordSwaps(label: string, facts: number, swaps: SwapMeasurement): void {
  const before = read<SwapResult>(SWAPS);
  const others = before.filter((one) => one.label !== label || one.facts !== facts);
  write(SWAPS, [...others, { label, ...hereAndNow(), facts, swaps }]);
}

/** Adds what batches of the billing project cost to bench/billings.json and writes docs/benchmarks.md anew. */
export function recordBilling(cost: Omit<BillingCost, 'date' | 'machine'>): void {
  const before = read<BillingCost>(BILLINGS);
  const others = before.filter((one) => one.label !== cost.label || one.customers !== cost.customers);
  write(BILLINGS, [...others, { ...cost, ...hereAndNow() }]);
}

function hereAndNow(): { date: string; machine: string } {
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return { date: new Date().toISOString().slice(0, 10), machine };
}

function read<T>(file: string): T[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T[]) : [];
}

function write(file: string, results: readonly unknown[]): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(
    PAGE,
    page(
      read<Result>(RESULTS),
      read<BatchResult>(BATCHES),
      read<BuildCost>(BUILDS),
      read<RefreshCost>(REFRESHES),
      read<SwapResult>(SWAPS),
      read<BillingCost>(BILLINGS),
    ),
  );
}

/** The run with the median wall time, whole: its figures belong together. */
function medianRun(runs: readonly Measurement[]): Measurement {
  const sorted = runs.toSorted((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor((sorted.length - 1) / 2)] as Measurement;
}

function page(
  results: readonly Result[],
  batches: readonly BatchResult[],
  builds: readonly BuildCost[],
  refreshes: readonly RefreshCost[],
  swaps: readonly SwapResult[],
  billings: readonly BillingCost[],
): string {
  const tables = results.toReversed().map(
    ({ label, date, machine, generations, rows }) => `### ${label} (${date}; ${machine})

${generations.toLocaleString('en')} generations, 2 % of users and prompts late, 5 % of generations again as a new version.

| what | records/s | CPU s per million | peak MB | wall s | in transactions s | rebuild s | compaction s | runs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.map(line).join('\n')}
`,
  );
  return `# Benchmarks

Written by \`npm run bench\`, \`node bench/batches.ts\`, \`node bench/build.ts\`, \`node bench/refresh.ts\`,
\`node bench/swaps.ts\` and \`node bench/billing.ts\`; do not edit.

## Landing and the whole job

Every run is a process of its own on a fresh warehouse, reading from the earliest
offset; runs of all variants are interleaved and the one with the median wall time is shown. CPU is that of our process alone; the
broker runs on the same cores. Wall time moves by a third between runs on small machines: compare CPU, and ratios
within one table. *Landing* is a project without models; *job* keeps the eleven shipped models, compaction included.

${tables.join('\n')}
## A full build beside dbt's own

The log drained from its earliest offset in bulk, every model built once at its end (rebuild and compaction); then dbt-duckdb builds
the same models over the same raw tables, in the same sitting, and all tables are compared.

| what | generations | drained in s | of it building the models s | dbt builds them in s | peak MB | compared |
| --- | ---: | ---: | ---: | ---: | ---: | --- |
${builds.map(buildLine).join('\n')}
${refreshes.length === 0 ? '' : refreshTable(refreshes)}${swaps.length === 0 ? '' : swapTables(swaps)}${billings.length === 0 ? '' : billingTable(billings)}
## A batch by the size of the tables

One transaction that lands generations (one of twenty a new version of a recent one) and folds them into every model kept by batches,
over that many generations already there, users and prompts in proportion; one compaction after all runs of a size. CPU is that of
our whole process, its peak memory that of all sizes (DuckDB's \`memory_limit\` as it is by default). In *visits* users come, make some generations and
leave, as in the history below them (at ten million about 240 visits at a time; a batch of 1,000 is of some 380 users, one of 10,000 of 2,000); in
*scattered* each generation is of another user, in a session long over: the hard case. New versions were taken from a narrow range before "indexed
keys", and looked up more cheaply than ones spread over the last fifth of the generations; new generations were of prompts that are not
there before "old rows of known keys", and are of stored ones from all over the table since.

${batches.toReversed().map(batchTable).join('\n')}`;
}

function trafficOf(row: BatchCost): Traffic {
  return row.traffic ?? 'scattered';
}

function buildLine({ label, facts, job, dbtSeconds, compared }: BuildCost): string {
  const build = (job.rebuildSeconds + job.compactionSeconds).toFixed(1);
  return `| ${label} | ${facts.toLocaleString('en')} | ${job.seconds.toFixed(1)} | ${build} | ${dbtSeconds.toFixed(1)} | ${Math.round(job.peakMb)} | ${compared} |`;
}

function refreshTable(refreshes: readonly RefreshCost[]): string {
  const lines = refreshes.map(({ label, facts, refresh, dbtSeconds, compared }) => {
    const { records, replaySeconds, testSeconds, tests, heldMs, seconds, peakMb } = refresh;
    const rate = Math.round(records / replaySeconds).toLocaleString('en');
    return `| ${label} | ${facts.toLocaleString('en')} | ${replaySeconds.toFixed(1)} | ${rate} | ${testSeconds.toFixed(1)} (${tests}) | ${heldMs.toFixed(0)} | ${seconds.toFixed(1)} | ${Math.round(peakMb)} | ${dbtSeconds.toFixed(1)} | ${compared} |`;
  });
  return `
## A full refresh beside the live edition

\`lens run --full-refresh\` from the log, while the live edition is open and followed: every record replayed in bulk and every model built, the data
tests run on the new edition, then the swap, for which following is held and readers are not. dbt-duckdb then builds the same models over the same
raw tables, in the same sitting, and all tables are compared.

| what | generations | replayed and built in s | records/s | tests s | following held ms | all s | peak MB | dbt builds them in s | compared |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
${lines.join('\n')}
`;
}

function batchTable({ label, date, machine, rows }: BatchResult): string {
  const lines = rows.map(
    (row) =>
      `| ${trafficOf(row)} | ${row.batch.toLocaleString('en')} | ${row.facts.toLocaleString('en')} | ${row.medianMs.toFixed(0)} | ${row.p95Ms.toFixed(0)} | ${row.cpuMs.toFixed(0)} | ${shown(row.compactionMs)} | ${shown(row.heldMs)} | ${shown(row.peakMb)} | ${row.runs} |`,
  );
  return `### ${label} (${date}; ${machine})

| traffic | batch | generations there | median ms | p95 ms | CPU ms | compaction ms | of it batches wait ms | peak MB | runs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`;
}

function shown(value: number | undefined): string {
  return value?.toFixed(0) ?? '';
}

function line(row: Result['rows'][number]): string {
  const perSecond = Math.round(row.records / row.seconds).toLocaleString('en');
  const cpu = ((row.cpuSeconds / row.records) * 1e6).toFixed(2);
  const seconds = [row.seconds, row.transactionSeconds, row.rebuildSeconds, row.compactionSeconds].map((s) =>
    s.toFixed(2),
  );
  return `| ${row.name} | ${perSecond} | ${cpu} | ${Math.round(row.peakMb)} | ${seconds.join(' | ')} | ${row.runs} |`;
}
