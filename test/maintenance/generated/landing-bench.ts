import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { Materializer } from '../../../src/materializer/materializer.ts';
import type { Happening } from '../../materializer/random-history.ts';
import { expectedRows } from '../../materializer/expected-rows.ts';
import { contents, differences, Workshop } from '../../materializer/workshop.ts';
import { recordOf, writeTopics } from './raw-topics.ts';
import { rowChanges } from './raw-rows.ts';
import { aimed, type Scenario, scenarios, steps, writeProject } from './scenario.ts';

/** A scenario by way of the log: its steps are records published, with what happens to the service between them. */
export interface LandingScenario extends Scenario {
  readonly landing: readonly Circumstances[];
}

/** Of one step; they take turns when there are more steps. */
export interface Circumstances {
  /** At most so many records a batch. */
  readonly maxRecords: number;
  /** Behind by more, records land in bulk. */
  readonly bulkLag: number;
  /** The warehouse is closed and opened again before. */
  readonly restart: boolean;
  readonly garbage: boolean;
}

const circumstances: fc.Arbitrary<Circumstances> = fc.record({
  maxRecords: fc.integer({ min: 1, max: 12 }),
  bulkLag: fc.constantFrom(1_000_000, 1_000_000, 3),
  restart: fc.boolean(),
  garbage: fc.boolean(),
});

/** @param models in place of random ones */
export function landingScenarios(models: fc.Arbitrary<Scenario['models']> | null): fc.Arbitrary<LandingScenario> {
  return fc
    .record({
      models: models ?? scenarios().map((scenario) => scenario.models),
      steps: steps(rowChanges(), 5),
      landing: fc.array(circumstances, { minLength: 1, maxLength: 5 }),
    })
    .map(aimed);
}

/** Generated projects with the real log, landing, service restarts and catching up in bulk. */
export class LandingBench implements AsyncDisposable {
  readonly #base = mkdtempSync(path.join(tmpdir(), 'lens-landing-'));
  #projects = 0;
  readonly kept: ReadonlyMap<string, number> = new Map();

  static open(): Promise<LandingBench> {
    return Promise.resolve(new LandingBench());
  }

  /** After each step every folded model equals its SQL, after a compaction the others, too. AssertionError where not. */
  async check({ models, steps, landing }: LandingScenario): Promise<void> {
    const dir = path.join(this.#base, `p${this.#projects++}`);
    writeProject(dir, models);
    writeTopics(dir);
    await using workshop = await Workshop.of(dir);
    let materializer: Materializer | null = null;
    try {
      const published: Happening[] = [];
      for (const [at, step] of steps.entries()) {
        const around = landing[at % landing.length] as Circumstances;
        if (materializer === null || around.restart) {
          await materializer?.[Symbol.asyncDispose]();
          materializer = await open(workshop, around);
        }
        const records = [...(around.garbage ? [GARBAGE] : []), ...step.changes.map(recordOf)];
        await workshop.publish(records);
        published.push(...records);
        await materializer.catchUp();
        if (step.compact) await materializer.compact({ full: false });
        await compare(materializer, workshop, step.compact, `after step ${at}`);
      }
      await materializer?.run({});
      if (materializer === null) return;
      await compare(materializer, workshop, true, 'at the end');
      const tables = await contents(materializer);
      for (const contract of workshop.catalog.contracts) {
        const rows = expectedRows(contract, published);
        assert.deepEqual(tables[contract.table], rows, `${contract.table} differs from its records`);
      }
    } finally {
      await materializer?.[Symbol.asyncDispose]();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#base, { recursive: true, force: true });
    return Promise.resolve();
  }
}

const GARBAGE: Happening = { topic: 'facts', garbage: 'AP////8BAgM=' };

function open(workshop: Workshop, { maxRecords, bulkLag }: Circumstances): Promise<Materializer> {
  return workshop.open({
    dataDir: path.join(workshop.dir, 'data'),
    batch: { maxRecords, maxMilliseconds: 20 },
    bulk: { lagRecords: bulkLag },
  });
}

async function compare(
  materializer: Materializer,
  workshop: Workshop,
  compacted: boolean,
  when: string,
): Promise<void> {
  const { models } = await materializer.status();
  const failed = models.filter(({ state }) => state === 'failed').map(({ name, reason }) => `${name}: ${reason}`);
  if (failed.length > 0) throw new Error(`failed ${when}: ${failed.join('; ')}`);
  const found = await differences(materializer, workshop.project, compacted ? ['batch', 'compaction'] : ['batch']);
  assert.deepEqual(found, [], `differs from its SQL ${when}`);
}
