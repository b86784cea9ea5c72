import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { TopicCatalog } from '../../src/topics/catalog.ts';
import { expectedRows } from './expected-rows.ts';
import type { Happening } from './random-history.ts';
import { contents, differences, Workshop } from './workshop.ts';

/** A project to hold the laws against, with histories of its topics. */
export interface LawSubject {
  readonly projectDir: string;
  readonly histories: (catalog: TopicCatalog) => fc.Arbitrary<Happening[]>;
  /** Histories in `npm test`. */
  readonly runs: number;
  /** The most records that are published before the tables are compared. */
  readonly take: number;
}

/**
 * What the design's laws say of any project. LENS_LAW_RUNS=200 for more histories than the gate has time for; a failure
 * prints its seed, and fast-check replays it from LENS_LAW_SEED.
 */
export function describeLaws(title: string, { projectDir, histories, runs, take }: LawSubject): void {
  describe(`${title}, under random histories`, () => {
    it('equals full recompute at every stop, whatever the cuts, compactions, restarts and catching up in bulk', async () => {
      const plan = fc.record({
        history: histories(new Workshop(projectDir).catalog),
        cuts: fc.array(
          fc.record({
            take: fc.integer({ min: 1, max: take }),
            beside: fc.boolean(),
            after: fc.constantFrom('nothing', 'nothing', 'compact', 'compact', 'restart'),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        // Whether each stop is one commit or some.
        maxRecords: fc.constantFrom(take, Math.ceil(take / 3)),
        bulk: fc.constantFrom(2, 1_000_000, 1_000_000),
        // Whether the keys of all tables are indexed, as those of large ones are.
        indexed: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(plan, async ({ history, cuts, maxRecords, bulk, indexed }) => {
          await using workshop = await Workshop.of(projectDir);
          const open = (): Promise<Materializer> =>
            workshop.open({
              dataDir: path.join(workshop.dir, 'kept'),
              batch: { maxRecords, maxMilliseconds: 1000 },
              bulk: { lagRecords: bulk },
              warehouse: { threads: 1, indexFromRows: indexed ? 0 : undefined },
            });
          let materializer = await open();
          await using _ = { [Symbol.asyncDispose]: () => materializer[Symbol.asyncDispose]() };
          for (let at = 0, i = 0; at < history.length; i++) {
            const cut = cuts[i % cuts.length] as (typeof cuts)[number];
            await workshop.publish(history.slice(at, at + cut.take));
            at += cut.take;
            // A compaction may run beside the batches.
            const compaction = cut.beside ? materializer.compact({ full: false }) : null;
            await materializer.catchUp();
            await compaction;
            expect(await differences(materializer, workshop.project, ['batch'])).toEqual([]);
            if (cut.after === 'compact') {
              await materializer.compact({ full: false });
              expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
            }
            if (cut.after === 'restart') {
              await materializer[Symbol.asyncDispose]();
              materializer = await open();
            }
          }
          await materializer.run({});
          expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
          const tables = await contents(materializer);
          for (const contract of workshop.catalog.contracts) {
            expect({ [contract.table]: tables[contract.table] }).toEqual({
              [contract.table]: expectedRows(contract, history),
            });
          }

          // Batch cuts do not matter: another warehouse over the same log, in one piece.
          await using other = await workshop.open();
          await other.run({});
          expect(await contents(other)).toEqual(tables);
          // Nor does a replay: a full refresh gives the same tables.
          await materializer.run({ fullRefresh: true, skipTests: true });
          expect(await contents(materializer)).toEqual(tables);
        }),
        {
          numRuns: Number(process.env['LENS_LAW_RUNS'] ?? runs),
          seed: Number(process.env['LENS_LAW_SEED'] ?? Date.now() & 0xffff_ffff),
          endOnFailure: process.env['LENS_LAW_RUNS'] === undefined,
        },
      );
    }, 3_600_000);

    it('keeps no trace of keys that are deleted again', async () => {
      await using workshop = await Workshop.of(projectDir);
      const [history] = fc.sample(histories(workshop.catalog), { numRuns: 1, seed: 7 }) as [Happening[]];
      const upserts = workshop.catalog.contracts.filter((contract) => contract.mode !== 'append').map((c) => c.name);
      const records = history.filter((happening) => 'key' in happening && upserts.includes(happening.topic));
      const tombstones = records.map((happening): Happening => ({
        ...happening,
        key: 'key' in happening ? happening.key : null,
        value: null,
      }));
      await using materializer = await workshop.open({ batch: { maxRecords: 7, maxMilliseconds: 20 } });
      await materializer.run({});
      const before = await contents(materializer);
      await workshop.publish(records);
      await materializer.run({});
      expect(Object.values(await contents(materializer)).flat().length).toBeGreaterThan(
        Object.values(before).flat().length,
      );
      await workshop.publish(tombstones);
      await materializer.run({});
      expect(await contents(materializer)).toEqual(before);
    });

    it('a second start over the same folder applies nothing twice', async () => {
      await using workshop = await Workshop.of(projectDir);
      const [history] = fc.sample(histories(workshop.catalog), { numRuns: 1, seed: 11 }) as [Happening[]];
      await workshop.publish(history);
      const dataDir = path.join(workshop.dir, 'kept');
      const first = await workshop.open({ dataDir });
      expect((await first.run({})).records).toBe(history.length);
      const tables = await contents(first);
      await first[Symbol.asyncDispose]();
      await using second = await workshop.open({ dataDir });
      expect((await second.run({})).records).toBe(0);
      expect(await contents(second)).toEqual(tables);
    });
  });
}
