import { expect, test } from 'vitest';
import { publishWorkload } from '../../bench/workload.ts';
import { IngestWorld, type Generation } from './ingest-world.ts';

const OPTIONS = { generations: 5_000, users: 400, prompts: 1_000, latePercent: 2, newVersionPercent: 5, seed: 1 };

test('the workload: late users and prompts, new versions, and the same records each time', async () => {
  await using world = await IngestWorld.open();
  const summary = await publishWorkload(world.log, world.catalog, OPTIONS);
  const generations = await world.values<Generation>('generations');
  expect(summary).toMatchObject({ users: 400, prompts: 1_000, generations: generations.length });
  expect(new Set(generations.map((one) => one.generation_id)).size).toBe(5_000);
  expect(Math.abs(summary.newVersions - 250)).toBeLessThanOrEqual(25);
  expect(summary.lateUsers).toBeGreaterThan(1);
  expect(summary.latePrompts).toBeGreaterThan(8);
  for (const topic of ['users', 'prompts'])
    expect(await world.records(topic)).toHaveLength(topic === 'users' ? 400 : 1_000);

  const users = await world.records('users');
  const onTime = Math.min(...users.map(({ timestamp }) => timestamp));
  const late = new Set(users.filter(({ timestamp }) => timestamp > onTime).map(({ key }) => Number(key)));
  expect(late.size).toBe(summary.lateUsers);
  expect(generations.some((one) => late.has(one.user_id))).toBe(true);

  await using other = await IngestWorld.open();
  await publishWorkload(other.log, other.catalog, OPTIONS);
  for (const topic of ['users', 'prompts', 'generations']) {
    expect(await other.records(topic)).toEqual(await world.records(topic));
  }
});
