import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chaosPlan, planLines } from '../../src/materializer/verification/chaos-plan.ts';

const partitions = fc
  .array(fc.record({ from: fc.nat(50), length: fc.nat(60), idempotent: fc.boolean() }), { maxLength: 6 })
  .map((all) =>
    all.map(({ from, length, idempotent }, partition) => ({
      topic: 't',
      partition,
      from,
      to: from + length,
      idempotent,
    })),
  );

describe('a plan of another way to replay', () => {
  it('is the same for the same seed and number', () => {
    const parts = [{ topic: 't', partition: 0, from: 0, to: 500, idempotent: true }];
    expect(chaosPlan(7, 1, parts)).toEqual(chaosPlan(7, 1, parts));
    expect(chaosPlan(7, 2, parts)).not.toEqual(chaosPlan(7, 1, parts));
    expect(chaosPlan(8, 1, parts)).not.toEqual(chaosPlan(7, 1, parts));
  });

  it('delivers every record once in the order of its partition, and again only what changes nothing', () => {
    fc.assert(
      fc.property(partitions, fc.nat(), fc.integer({ min: 1, max: 9 }), (parts, seed, number) => {
        const { deliveries, steps } = chaosPlan(seed, number, parts);
        let records = 0;
        for (const { partition, from, to, idempotent } of parts) {
          let next = from;
          let at = 0;
          /** By the plan's offset, the log's own. */
          const delivered: number[] = [];
          for (const one of deliveries.filter((delivery) => delivery.partition === partition)) {
            const length = one.to - one.from;
            expect(length).toBeGreaterThan(0);
            const offsets = Array.from({ length }, (_, i) => one.from + i);
            if (one.again === 'delivered') {
              // An old block: the very records that had these offsets.
              expect(delivered.slice(one.at, one.at + length)).toEqual(offsets);
              continue;
            }
            expect(one.at).toBe(at);
            if (one.again === 'no') {
              expect(one.from).toBe(next);
              next = one.to;
            } else {
              // The last records once more, where a later record of a key takes the place of an earlier one.
              expect([idempotent, one.to]).toEqual([true, next]);
            }
            delivered.push(...offsets);
            at += length;
          }
          expect(next).toBe(to);
          records += at;
        }
        expect(steps.reduce((sum, step) => sum + step.records, 0)).toBe(records);
        expect(steps.every((step) => step.records > 0)).toBe(true);
        expect(planLines({ deliveries, steps }).length).toBe(deliveries.length + steps.length);
      }),
      { numRuns: 300 },
    );
  });
});
