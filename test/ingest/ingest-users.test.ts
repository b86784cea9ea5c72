import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { cohortWeek, syntheticUsers } from '../../src/ingest/ingest-users.ts';
import { ScratchReader } from '../../src/warehouse/scratch-reader.ts';

const reader = await ScratchReader.open();
afterAll(() => reader[Symbol.asyncDispose]());

test('cohort_week is what %Y-W%W gives, on every day', async () => {
  const days = fc.integer({ min: Date.UTC(1990, 0, 1) / 86_400_000, max: Date.UTC(2060, 0, 1) / 86_400_000 });
  const edges = [2020, 2021, 2022, 2023, 2024, 2025, 2026].flatMap((year) =>
    [-1, 0, 1, 2, 3, 4, 5, 6, 7].map((day) => Date.UTC(year, 0, 1) / 86_400_000 + day),
  );
  const sample = [...edges, ...fc.sample(days, 300)];
  const list = sample.map((day) => `(${day})`).join(', ');
  const weeks: unknown[] = [];
  for await (const { columns } of reader.stream(
    `select strftime('1970-01-01'::date + day, '%Y-W%W') from (values ${list}) as days(day)`,
  )) {
    weeks.push(...(columns[0] ?? []));
  }
  expect(sample.map((day) => cohortWeek(day * 86_400_000 + 86_399_999))).toEqual(weeks);
});

test('tiers, regions and devices have their shares, ids count from 1', () => {
  const users = [...syntheticUsers(20_000, 3)];
  const share = (field: 'user_tier' | 'region' | 'device_type', value: string): number =>
    users.filter((user) => user[field] === value).length / users.length;
  for (const [tier, expected] of Object.entries({ free: 0.7, pro: 0.25, enterprise: 0.05 })) {
    expect(Math.abs(share('user_tier', tier) - expected)).toBeLessThan(0.015);
  }
  for (const [region, expected] of Object.entries({
    'us-west': 0.3,
    'us-east': 0.25,
    europe: 0.2,
    asia: 0.15,
    other: 0.1,
  })) {
    expect(Math.abs(share('region', region) - expected)).toBeLessThan(0.015);
  }
  for (const [device, expected] of Object.entries({ desktop: 0.7, mobile: 0.25, tablet: 0.05 })) {
    expect(Math.abs(share('device_type', device) - expected)).toBeLessThan(0.015);
  }
  expect(users.map((user) => user.user_id)).toEqual(users.map((_, i) => i + 1));
});

test('the same seed gives the same users, and more of them leave the first as they are', () => {
  expect([...syntheticUsers(50, 8)]).toEqual([...syntheticUsers(80, 8)].slice(0, 50));
  expect([...syntheticUsers(50, 8)]).not.toEqual([...syntheticUsers(50, 9)]);
});
