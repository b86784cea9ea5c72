/**
 * Readers while editions take over: `node bench/swaps.ts [--facts N --rounds N --label TEXT]`. Each round is a full refresh, one of a model, and a
 * rollback, over the benchmark's workload on the embedded log, while more comes in (measure-swaps.ts).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run, script } from './child-process.ts';
import { recordSwaps } from './page.ts';
import type { SwapMeasurement } from './swaps-page.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    label: { type: 'string', default: 'working tree' },
  },
});
const dir = mkdtempSync(path.join(tmpdir(), 'lens-swaps-'));
try {
  const log = path.join(dir, 'log.sqlite');
  run(process.execPath, [script('batches.ts'), '--facts', values.facts, '--publish', log]);
  const measured = run(process.execPath, [
    script('measure-swaps.ts'),
    ROOT,
    path.join(dir, 'data'),
    log,
    values.rounds,
  ]);
  const swaps = JSON.parse(measured.trim().split('\n').at(-1) ?? '') as SwapMeasurement;
  recordSwaps(values.label, Number(values.facts), swaps);
  const { held, port, inside } = swaps;
  process.stdout.write(
    `${held.count} swaps; through the port ${port.across.maxMs.toFixed(0)} ms at most across one and ${port.outside.maxMs.toFixed(0)} elsewhere, ` +
      `inside ${inside.across.maxMs.toFixed(0)} and ${inside.outside.maxMs.toFixed(0)}; docs/benchmarks.md is up to date\n`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
