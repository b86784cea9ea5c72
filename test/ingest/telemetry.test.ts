import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import {
  costUnits,
  rollDownload,
  rollFeedback,
  rollLatency,
  rollModel,
  rollRetries,
  rollStatus,
} from '../../src/ingest/telemetry.ts';

const ROLLS = 20_000;

/** Share of true answers in many rolls. */
function share(roll: (random: Random) => boolean): number {
  const random = new Random(11);
  let hits = 0;
  for (let i = 0; i < ROLLS; i++) if (roll(random)) hits++;
  return hits / ROLLS;
}

/** Far enough for chance in so many rolls, near enough to catch a wrong figure. */
function near(actual: number, expected: number, tolerance = 0.012): void {
  expect(Math.abs(actual - expected), `${actual} is not near ${expected}`).toBeLessThan(tolerance);
}

describe('cost', () => {
  test('is the formula in exact arithmetic, rounded half up to ten-thousandths', () => {
    const tokens = fc.integer({ min: 0, max: 5_000 });
    const latency = fc.integer({ min: 0, max: 60_000 });
    fc.assert(
      fc.property(fc.boolean(), tokens, latency, fc.constantFrom(0, 1, 2), (success, tokens, latency, tier) => {
        // In units of 1e-8 credits: 0.01 a token, 0.00005 a millisecond, 0.001 a token where it failed.
        const price = success ? 1_000_000n * BigInt(tokens) + 5_000n * BigInt(latency) : 100_000n * BigInt(tokens);
        const paid = (price * [100n, 90n, 80n][tier]!) / 100n;
        expect(BigInt(costUnits(success, tokens, latency, tier))).toBe((paid + 5_000n) / 10_000n);
      }),
    );
  });

  test('by hand: 20 tokens in 1.5 s cost 0.275, of which enterprise pays 0.22; a failure 0.02', () => {
    expect(costUnits(true, 20, 1_500, 0)).toBe(2_750);
    expect(costUnits(true, 20, 1_500, 2)).toBe(2_200);
    expect(costUnits(false, 20, 1_500, 0)).toBe(200);
  });
});

describe('status', () => {
  test('only prompts over 75 tokens time out', () => {
    expect(share((random) => rollStatus(random, 75, false) === 'timeout')).toBe(0);
    near(
      share((random) => rollStatus(random, 76, false) === 'timeout'),
      0.3,
    );
  });

  test('only prompts with a refused word are refused', () => {
    expect(share((random) => rollStatus(random, 10, false) === 'safety_violation')).toBe(0);
    near(
      share((random) => rollStatus(random, 10, true) === 'safety_violation'),
      0.8,
    );
  });

  test('most others succeed', () => {
    near(
      share((random) => rollStatus(random, 20, false) === 'success'),
      0.965,
    );
  });
});

test('latency stays in its range, and a success takes about 50 ms a token', () => {
  const random = new Random(5);
  const latencies = (status: Parameters<typeof rollLatency>[1], tokens: number): number[] =>
    Array.from({ length: 5_000 }, () => rollLatency(random, status, tokens)).sort((a, b) => a - b);
  const within = (values: number[], low: number, high: number): void => {
    expect(values[0]).toBeGreaterThanOrEqual(low);
    expect(values.at(-1)).toBeLessThanOrEqual(high);
  };
  within(latencies('timeout', 90), 25_000, 35_000);
  within(latencies('safety_violation', 90), 100, 500);
  within(latencies('rate_limited', 90), 50, 200);
  within(latencies('success', 1), 200, 25_000);
  within(latencies('success', 5_000), 200, 25_000);
  const usual = latencies('success', 40);
  near((usual[2_500] as number) / 2_000, 1, 0.03);
  // One sigma of a lognormal: the 84th percentile is e^0.4 times the median.
  near(Math.log((usual[4_207] as number) / (usual[2_500] as number)), 0.4, 0.03);
});

test('feedback and downloads by tier, four fifths positive on success, more downloads of long prompts', () => {
  for (const [tier, expected] of [0.1, 0.2, 0.25].entries()) {
    near(
      share((random) => rollFeedback(random, true, tier) !== null),
      expected,
    );
  }
  const positive = share((random) => rollFeedback(random, true, 2) === 'thumbs_up');
  near(positive / 0.25, 0.8, 0.03);
  for (const [tier, expected] of [0.4, 0.65, 0.8].entries()) {
    const short = share((random) => rollDownload(random, true, 10, tier) === true);
    near(short, expected);
    expect(share((random) => rollDownload(random, true, 40, tier) === true)).toBeGreaterThan(short + 0.05);
  }
  expect(rollDownload(new Random(1), false, 40, 2)).toBeNull();
});

test('models 5, 15, 30 and 50 of a hundred; at most 3 retries, more on failure', () => {
  for (const [model, expected] of Object.entries({ 'v1.4': 0.05, 'v1.5': 0.15, 'v2.0': 0.3, 'v2.1': 0.5 })) {
    near(
      share((random) => rollModel(random) === model),
      expected,
    );
  }
  expect(share((random) => rollRetries(random, false) > 3)).toBe(0);
  expect(share((random) => rollRetries(random, false) > 0)).toBeGreaterThan(
    share((random) => rollRetries(random, true) > 0),
  );
});
