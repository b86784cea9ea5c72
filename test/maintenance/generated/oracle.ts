/**
 * The properties of upkeep from the command line, for longer runs than the tests have time for:
 *
 *   node test/maintenance/generated/oracle.ts [--property models|shapes|aggregates|landing|lineage] [--shape NAME ...] [--runs N] [--seed S] [--workers W] [--first]
 *
 * Without --property: N histories of generated models and of shapes, a tenth of that in each of the others. Several workers
 * share the runs, each with a seed of its own. Exit code 1: some table differs from its SQL; 2: upkeep failed.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { PROPERTY_NAMES, PropertyFailed, type PropertyName, runProperty } from './property.ts';

const { values } = parseArgs({
  options: {
    property: { type: 'string' },
    shape: { type: 'string', multiple: true },
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    workers: { type: 'string', default: '1' },
    first: { type: 'boolean', default: false },
  },
});
const [runs, seed, workers] = [Number(values.runs), Number(values.seed), Number(values.workers)];

if (workers > 1) {
  const codes = await Promise.all(
    Array.from({ length: workers }, (_, i) => worker(Math.ceil(runs / workers), seed + i)),
  );
  process.exitCode = Math.max(...codes);
} else {
  for (const name of PROPERTY_NAMES) {
    if (values.property !== undefined && values.property !== name) continue;
    const few = values.property === undefined && name !== 'models' && name !== 'shapes';
    const count = few ? Math.ceil(runs / 10) : runs;
    for (const shape of values.shape ?? [undefined]) await run(name, count, shape);
  }
}

async function run(name: PropertyName, count: number, shape: string | undefined): Promise<void> {
  const started = performance.now();
  try {
    await runProperty(name, { runs: count, seed, shape, first: values.first });
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`${name}: ${count} histories hold (seed ${seed}, ${seconds} s)`);
  } catch (error) {
    console.error(error instanceof PropertyFailed ? error.message : error);
    process.exitCode = error instanceof PropertyFailed && error.isDifference ? (process.exitCode ?? 1) : 2;
  }
}

function worker(count: number, ownSeed: number): Promise<number> {
  const property = values.property === undefined ? [] : ['--property', values.property];
  const args = [import.meta.filename, '--runs', String(count), '--seed', String(ownSeed), ...property];
  return new Promise((resolve) => {
    spawn(process.execPath, args, { stdio: 'inherit' }).once('exit', (code) => resolve(code ?? 2));
  });
}
