import { spawn } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import type { Editions } from '../../src/materializer/editions-file.ts';
import { customer, editionFiles, order } from './refresh-lab.ts';
import { contents, differences, ROOT, SHOP, Workshop } from './workshop.ts';

/**
 * How often each of all moments; `LENS_KILLS=20` for the long run, in which all but the first of each die a random time after it
 * (`LENS_SEED`). Without: once at some.
 */
const KILLS = Number(process.env['LENS_KILLS'] ?? 1);
const LONG = process.env['LENS_KILLS'] !== undefined;
const SEED = Number(process.env['LENS_SEED'] ?? 20_261_127);
/** Longer than the phases of a refresh of the shop take on a quiet machine. */
const MOST_DELAY_MS = 60;
/** What a kill left that was not survived. */
const KEPT = path.join(ROOT, 'target/refresh-killed');

type Moment = readonly [work: string, moment: string];
const SOME: readonly Moment[] = [
  ['all', 'replay'],
  ['some', 'tests'],
  // The record is written, the old file is moved, of the new one its log alone; then both, and the record is not written anew.
  ['all', 'step 5'],
  ['some', 'step 6'],
  ['rollback', 'step 2'],
];
const ALL: readonly Moment[] = [
  ...['preflight', 'replay', 'progress', 'catch up', 'tests', 'swap', 'done'].map((moment): Moment => ['all', moment]),
  ...['preflight', 'rebuild', 'catch up', 'tests', 'swap', 'done'].map((moment): Moment => ['some', moment]),
  ...['catch up', 'swap', 'done'].map((moment): Moment => ['rollback', moment]),
  // The record, the old file's log and the old file out, the new one's log and the new one in, the record again, what is older removed (whose log went when it was read).
  ...[1, 2, 3, 4, 5, 6, 7].map((step): Moment => ['all', `step ${step}`]),
  ['some', 'step 7'],
  ...[1, 2, 3, 4, 5, 6].map((step): Moment => ['rollback', `step ${step}`]),
];

interface End {
  /** The signal, or the exit code. */
  readonly by: string;
  readonly output: string;
}

function refreshUntil(workshop: Workshop, dataDir: string, work: string, moment: string, delay: number): Promise<End> {
  const script = path.join(import.meta.dirname, 'refresh-until-killed.ts');
  const args = [script, SHOP, path.join(workshop.dir, 'log.sqlite'), dataDir, work, moment, `${delay}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ by: signal ?? `exit ${code}`, output }));
  });
}

const moments: readonly Moment[] = LONG ? Array.from({ length: KILLS }, () => ALL).flat() : SOME;

it(
  `kill -9 in each phase of a refresh, ${KILLS} times (seed ${SEED}), leaves one edition or the other whole, and nothing else`,
  async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'killed');
    let id = 0;
    const publish = (): Promise<void> =>
      workshop.publish([customer('k1'), ...Array.from({ length: 30 }, () => order(++id)), order(1 + (id % 7), 'k2')]);
    await publish();
    {
      // So that there is an edition before the live one.
      await using first = await workshop.open({ dataDir });
      await first.run({});
      await first.run({ fullRefresh: true, skipTests: true });
    }
    const survives = async (): Promise<void> => {
      await using again = await workshop.open({ dataDir });
      // Before anything comes in: what answers is whole, and nothing is left over.
      expect(await differences(again, workshop.project, ['batch'])).toEqual([]);
      const record = readFileSync(path.join(dataDir, 'editions.json'), 'utf8');
      const { live, previous, swap } = JSON.parse(record) as Editions;
      expect(swap).toBe(null);
      expect(live.number).not.toBe(previous?.number);
      expect(editionFiles(dataDir)).toEqual(['warehouse.duckdb', previous?.file]);
      // Both can be read, and the live one goes on.
      expect((await again.query('select count(*) > 0 from fct_orders', { edition: 'previous' })).rows).toEqual([
        [true],
      ]);
      await again.catchUp();
      expect((await again.query('select count(*) from fct_orders')).rows).toEqual([[id]]);
      expect(await differences(again, workshop.project, ['batch'])).toEqual([]);
    };
    const random = new Random(SEED);
    for (const [n, [work, moment]] of moments.entries()) {
      await publish();
      const delay = n < ALL.length ? 0 : random.below(MOST_DELAY_MS);
      const end = await refreshUntil(workshop, dataDir, work, moment, delay);
      const left = path.join(workshop.dir, 'left');
      rmSync(left, { recursive: true, force: true });
      cpSync(dataDir, left, { recursive: true });
      try {
        expect(end).toEqual({ by: 'SIGKILL', output: '' });
        await survives();
      } catch (error) {
        cpSync(workshop.dir, KEPT, { recursive: true });
        const what = `after kill ${n + 1} of ${moments.length}, ${delay} ms after ${moment} of ${work} (seed ${SEED}; kept in ${KEPT})`;
        throw new Error(what, { cause: error });
      }
      if (LONG && (n + 1) % ALL.length === 0) process.stdout.write(`${n + 1} of ${moments.length}\n`);
    }
    await using survivor = await workshop.open({ dataDir });
    await survivor.run({});
    await using clean = await workshop.open();
    await clean.run({});
    const expected = await contents(clean);
    expect(await contents(survivor)).toEqual(expected);
    // What is kept can be returned to.
    await survivor.rollback({});
    expect(await contents(survivor)).toEqual(expected);
  },
  60_000 + moments.length * 20_000,
);
