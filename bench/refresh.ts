/**
 * A full refresh beside the live edition, and dbt's own run of the same models, in one sitting: `node bench/refresh.ts [--facts N --label
 * TEXT]`. Replays the benchmark's workload from the embedded log into a next edition, tests it and swaps it in; then dbt builds the same
 * models over the same raw tables, and all tables are compared (tools/dbt/oracle.sh).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run, script } from './child-process.ts';
import { recordRefresh, type RefreshMeasurement } from './page.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '1000000' },
    label: { type: 'string', default: 'working tree' },
  },
});
const dir = mkdtempSync(path.join(tmpdir(), 'lens-refresh-'));
try {
  const log = path.join(dir, 'log.sqlite');
  const data = path.join(dir, 'data');
  run(process.execPath, [script('batches.ts'), '--facts', values.facts, '--publish', log]);
  const measured = run(process.execPath, [script('measure-refresh.ts'), ROOT, data, log]);
  const refresh = JSON.parse(measured.trim().split('\n').at(-1) ?? '') as RefreshMeasurement;
  const compared = run(path.join(ROOT, 'tools/dbt/oracle.sh'), [path.join(data, 'warehouse.duckdb'), ROOT]);
  const dbtSeconds = Number(/dbt built the models in ([\d.]+) s/.exec(compared)?.[1]);
  const counts = compared.trim().split('\n').at(-1) ?? '';
  recordRefresh({ label: values.label, facts: Number(values.facts), refresh, dbtSeconds, compared: counts });
  const rate = Math.round(refresh.records / refresh.replaySeconds).toLocaleString('en');
  process.stdout.write(
    `${refresh.records} records replayed and built in ${refresh.replaySeconds.toFixed(1)} s (${rate} a second), dbt built in ${dbtSeconds} s; ${counts}\n`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
