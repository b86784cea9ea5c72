import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';

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

const RESULTS = path.join(import.meta.dirname, 'results.json');
const PAGE = path.join(import.meta.dirname, '../docs/benchmarks.md');

/** Adds a result to bench/results.json (a label measured again replaces its old result) and writes docs/benchmarks.md anew. */
export function recordResult(
  label: string,
  generations: number,
  measured: ReadonlyMap<string, readonly Measurement[]>,
): void {
  const before = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Result[]) : [];
  const rows = [...measured].map(([name, runs]) => ({ name, runs: runs.length, ...medianRun(runs) }));
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const result = { label, date: new Date().toISOString().slice(0, 10), machine, generations, rows };
  const results = [...before.filter((r) => r.label !== label || r.generations !== generations), result];
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(PAGE, page(results));
}

/** The run with the median wall time, whole: its figures belong together. */
function medianRun(runs: readonly Measurement[]): Measurement {
  const sorted = runs.toSorted((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor((sorted.length - 1) / 2)] as Measurement;
}

function page(results: readonly Result[]): string {
  const tables = results.toReversed().map(
    ({ label, date, machine, generations, rows }) => `## ${label} (${date}; ${machine})

${generations.toLocaleString('en')} generations, 2 % of users and prompts late, 5 % of generations again as a new version.

| what | records/s | CPU s per million | peak MB | wall s | in transactions s | rebuild s | compaction s | runs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.map(line).join('\n')}
`,
  );
  return `# Benchmarks

Written by \`npm run bench\`; do not edit. Every run is a process of its own on a fresh warehouse, reading from the earliest
offset; runs of all variants are interleaved and the one with the median wall time is shown. CPU is that of our process alone; the
broker runs on the same cores. Wall time moves by a third between runs on small machines: compare CPU, and ratios
within one table. *Landing* is a project without models; *job* keeps the eleven shipped models, compaction included.

${tables.join('\n')}`;
}

function line(row: Result['rows'][number]): string {
  const perSecond = Math.round(row.records / row.seconds).toLocaleString('en');
  const cpu = ((row.cpuSeconds / row.records) * 1e6).toFixed(2);
  const seconds = [row.seconds, row.transactionSeconds, row.rebuildSeconds, row.compactionSeconds].map((s) =>
    s.toFixed(2),
  );
  return `| ${row.name} | ${perSecond} | ${cpu} | ${Math.round(row.peakMb)} | ${seconds.join(' | ')} | ${row.runs} |`;
}
