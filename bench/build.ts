/**
 * A full build of every model beside dbt's own, in one sitting: `node bench/build.ts [--facts N --label TEXT --memory-limit SIZE]`. Drains the
 * benchmark's workload from the embedded log, then has dbt build the same models over the same raw tables and compares them
 * (tools/dbt/oracle.sh).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run, script } from './child-process.ts';
import { type Measurement, recordBuild } from './page.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '1000000' },
    label: { type: 'string', default: 'working tree' },
    'memory-limit': { type: 'string' },
  },
});
const dir = mkdtempSync(path.join(tmpdir(), 'lens-build-'));
try {
  const log = path.join(dir, 'log.sqlite');
  const data = path.join(dir, 'data');
  run(process.execPath, [script('batches.ts'), '--facts', values.facts, '--publish', log]);
  const limit = values['memory-limit'] === undefined ? [] : [values['memory-limit']];
  const measured = run(process.execPath, [script('measure.ts'), 'job', ROOT, data, log, ...limit]);
  const job = JSON.parse(measured.trim().split('\n').at(-1) ?? '') as Measurement;
  const compared = run(path.join(ROOT, 'tools/dbt/oracle.sh'), [path.join(data, 'warehouse.duckdb'), ROOT]);
  const dbtSeconds = Number(/dbt built the models in ([\d.]+) s/.exec(compared)?.[1]);
  const counts = compared.trim().split('\n').at(-1) ?? '';
  recordBuild({ label: values.label, facts: Number(values.facts), job, dbtSeconds, compared: counts });
  process.stdout.write(`drained in ${job.seconds.toFixed(1)} s, dbt built in ${dbtSeconds} s; ${counts}\n`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
