/**
 * What batches cost of a project that is not the shipped one: `node bench/billing.ts [--customers N --label TEXT]`. Fills a warehouse of the fixture of
 * subscription billing on the embedded log, then publishes and applies batches of new invoices.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/core/random.ts';
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import type { MaterializerEvent } from '../src/materializer/events.ts';
import { loadTopics } from '../src/topics/catalog.ts';
import { applyTopics } from '../src/topics/manage-topics.ts';
import { BillingWorkload, publishBilling } from './billing-workload.ts';
import { keep } from './keep.ts';
import { recordBilling } from './page.ts';

const PROJECT = path.resolve(import.meta.dirname, '../test/fixtures/billing');
const SIZES = [1, 20, 200];
const RUNS = 9;
const SUMS = 'select sum(paid_amount), sum(total_amount) from main_finance.fct_invoices';
const LONGEST = `select model, milliseconds::double / upkeeps from lens.model_costs
  where upkeeps > 0 and model in (select name from lens.models where upkeep = 'batch') order by 2 desc limit 3`;

const { values } = parseArgs({
  options: { customers: { type: 'string', default: '50000' }, label: { type: 'string', default: 'working tree' } },
});
const customers = Number(values.customers);
const dir = mkdtempSync(path.join(tmpdir(), 'lens-billing-'));
await using closing = new AsyncDisposableStack();
closing.defer(() => rmSync(dir, { recursive: true, force: true }));
const catalog = loadTopics(PROJECT);
const log = closing.use(openEmbeddedLog(path.join(dir, 'log.sqlite')));
await applyTopics(log, catalog);
const workload = new BillingWorkload(customers, new Random(42));
const records = await publishBilling(log, catalog, workload.history());
const invoices = workload.invoices;
const events: MaterializerEvent[] = [];
const dataDir = path.join(dir, 'data');
const materializer = closing.use(await keep(PROJECT, dataDir, log, { onEvent: (event) => events.push(event) }));
const started = performance.now();
await materializer.run({});
const drainSeconds = (performance.now() - started) / 1000;
process.stdout.write(`${records} records of ${invoices} invoices drained in ${drainSeconds.toFixed(1)} s\n`);

const batches = [];
for (const size of SIZES) {
  const times: number[] = [];
  // The first two are for warming up.
  for (let run = -2; run < RUNS; run++) {
    await publishBilling(log, catalog, workload.news(size));
    const before = events.length;
    await materializer.catchUp();
    const applied = events.slice(before).filter((event) => event.kind === 'batch');
    if (run >= 0) times.push(applied.reduce((sum, event) => sum + event.milliseconds, 0));
  }
  const cost = { invoices: size, medianMs: median(times), maxMs: Math.max(...times) };
  batches.push(cost);
  process.stdout.write(`${size} invoices: ${cost.medianMs.toFixed(0)} ms (longest ${cost.maxMs.toFixed(0)})\n`);
}
const { milliseconds: compactionMs } = await materializer.compact({ full: false });
// Costs are written every ten seconds, and by a compaction.
const { rows } = await materializer.query(LONGEST);
const sums: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const asked = performance.now();
  await materializer.query(SUMS);
  sums.push(performance.now() - asked);
}
recordBilling({
  label: values.label,
  customers,
  invoices,
  records,
  drainSeconds,
  batches,
  models: rows.map(([name, milliseconds]) => ({ name: String(name), milliseconds: Number(milliseconds) })),
  compactionMs,
  sumMs: median(sums),
  fileMb: statSync(path.join(dataDir, 'warehouse.duckdb')).size / 2 ** 20,
});
process.stdout.write(
  `compaction ${compactionMs.toFixed(0)} ms, two sums ${median(sums).toFixed(1)} ms; docs/benchmarks.md is up to date\n`,
);

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}
