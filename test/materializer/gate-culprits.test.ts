import { describe, expect, it } from 'vitest';
import { findCulprits } from '../../src/materializer/gates/gate-culprits.ts';

/** Sets of units that fail together, each with its token. */
function gate(rules: readonly (readonly number[])[]): {
  trial: (includes: (unit: number) => boolean) => Promise<ReadonlySet<string>>;
  count: () => number;
} {
  let trials = 0;
  return {
    count: () => trials,
    trial: async (includes) => {
      trials++;
      return new Set(rules.filter((rule) => rule.every(includes)).map((rule) => rule.join('+')));
    },
  };
}

const all = (): boolean => true;

describe('the units behind a refusal', () => {
  it.each([1, 2, 3, 64, 1000])('are found in 2 log n trials where each fails by itself: among %i', async (units) => {
    const bad = [...new Set([0, units >> 1, units - 1])];
    const { trial, count } = gate(bad.map((unit) => [unit]));
    const found = await findCulprits(units, await trial(all), trial);
    expect([...found.keys()].sort((a, b) => a - b)).toEqual(bad);
    expect(count() - 1).toBe(units === 1 ? 0 : 2 * Math.ceil(Math.log2(units)));
    for (const [unit, tokens] of found) expect([...tokens]).toEqual([`${unit}`]);
  });

  it('are the later ones of those that fail together', async () => {
    const { trial } = gate([
      [3, 40],
      [17, 18],
    ]);
    const found = await findCulprits(50, await trial(all), trial);
    expect([...found.keys()].sort((a, b) => a - b)).toEqual([18, 40]);
  });

  it('are not those that fail only as long as others are missing', async () => {
    // 5 needs 30; two others may not be together: 0 and 31 agree in no bit, so that all are sought one by one
    for (const [first, second] of [
      [8, 9],
      [0, 31],
    ] as const) {
      const trial = async (includes: (unit: number) => boolean): Promise<ReadonlySet<string>> =>
        new Set([
          ...(includes(5) && !includes(30) ? ['orphan'] : []),
          ...(includes(first) && includes(second) ? ['twice'] : []),
        ]);
      const found = await findCulprits(32, await trial(all), trial);
      expect([...found.keys()]).toEqual([second]);
    }
  });
});
