import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { ingestGenerations } from '../../src/ingest/ingest-generations.ts';
import { ingestPrompts } from '../../src/ingest/ingest-prompts.ts';
import { ingestUsers } from '../../src/ingest/ingest-users.ts';
import { costUnits, TIERS } from '../../src/ingest/telemetry.ts';
import { IngestWorld, microseconds, type Generation } from './ingest-world.ts';

const GAP = 30 * 60 * 1_000_000;

async function prepared(users = 300, prompts = 2_000): Promise<IngestWorld> {
  const world = await IngestWorld.open();
  await ingestPrompts(world.context(), { count: prompts, seed: 1 });
  await ingestUsers(world.context(), { count: users, seed: 1 });
  return world;
}

/** The versions of each generation, oldest first. */
function versions(generations: readonly Generation[]): Map<number, Generation[]> {
  const byId = new Map<number, Generation[]>();
  for (const generation of generations) {
    const all = byId.get(generation.generation_id);
    if (all === undefined) byId.set(generation.generation_id, [generation]);
    else all.push(generation);
  }
  return byId;
}

/** Checks the gap rule over generations of any order; gives the number of sessions. */
function checkSessions(generations: Iterable<Generation>): number {
  const byUser = new Map<number, Generation[]>();
  for (const one of generations) byUser.set(one.user_id, [...(byUser.get(one.user_id) ?? []), one]);
  let sessions = 0;
  for (const [user, all] of byUser) {
    all.sort((a, b) => microseconds(a.timestamp) - microseconds(b.timestamp) || a.generation_id - b.generation_id);
    let number = 0;
    let last = -Infinity;
    const wrong = all.filter((one) => {
      const at = microseconds(one.timestamp);
      if (at - last > GAP) number++;
      last = at;
      return one.session_id !== user * 10_000 + number || one.session_date !== one.timestamp.slice(0, 10);
    });
    expect(wrong).toEqual([]);
    sessions += number;
  }
  return sessions;
}

describe('a history', () => {
  const COUNT = 20_000;
  let world: IngestWorld;
  let all: Generation[];
  let byId: Map<number, Generation[]>;
  let final: Generation[];
  let tiers: Map<number, string>;
  let texts: Map<number, string>;

  beforeAll(async () => {
    world = await prepared();
    const summary = await ingestGenerations(world.context(), { count: COUNT, seed: 5 });
    all = await world.values<Generation>('generations');
    expect(summary).toMatchObject({ topic: 'generations', records: all.length, stopped: false });
    byId = versions(all);
    final = [...byId.values()].map((list) => list.at(-1) as Generation);
    const users = await world.values<{ user_id: number; user_tier: string }>('users');
    tiers = new Map(users.map(({ user_id, user_tier }) => [user_id, user_tier]));
    const prompts = await world.values<{ prompt_id: number; prompt: string }>('prompts');
    texts = new Map(prompts.map(({ prompt_id, prompt }) => [prompt_id, prompt]));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test('has as many generations as asked for, ids from 1, in the order of time', () => {
    expect([...byId.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
    const times = final.toSorted((a, b) => a.generation_id - b.generation_id).map((one) => microseconds(one.timestamp));
    expect(times.every((time, i) => i === 0 || time >= (times[i - 1] as number))).toBe(true);
    expect(new Set(final.map((one) => one.session_date)).size).toBeGreaterThanOrEqual(28);
  });

  test('keeps the gap rule', () => {
    const sessions = checkSessions(final);
    expect(final.length / sessions).toBeGreaterThan(4);
    expect(final.length / sessions).toBeLessThan(15);
  });

  test('5 of a hundred come again, and only feedback and download differ', () => {
    const again = [...byId.values()].filter((list) => list.length > 1);
    expect(again.length / COUNT).toBeGreaterThan(0.045);
    expect(again.length / COUNT).toBeLessThan(0.055);
    for (const [first, second, ...more] of again as [Generation, Generation, ...Generation[]][]) {
      expect(more).toEqual([]);
      expect({ ...second, feedback: null, downloaded: null }).toEqual(first);
      expect(second.feedback !== null || second.downloaded === true).toBe(true);
    }
  });

  test('costs what the formula says, from the tier of the user and the tokens of the prompt', () => {
    const wrong = final.filter((one) => {
      const tokens = (texts.get(one.prompt_id) ?? 'unknown prompt').split(' ').length;
      const tier = TIERS.findIndex((name) => name === tiers.get(one.user_id));
      const units = costUnits(one.status === 'success', tokens, one.latency_ms, tier);
      return one.token_count !== tokens || one.cost_credits !== (units / 10_000).toFixed(4);
    });
    expect(wrong).toEqual([]);
  });

  test('has every status, timeouts only of long prompts, and users active by tier', () => {
    const statuses = new Set(final.map((one) => one.status));
    expect([...statuses].sort()).toEqual(['model_error', 'rate_limited', 'safety_violation', 'success', 'timeout']);
    expect(final.filter((one) => one.status === 'timeout' && one.token_count <= 75)).toEqual([]);
    const perUser = (tier: string): number =>
      final.filter((one) => tiers.get(one.user_id) === tier).length /
      [...tiers.values()].filter((name) => name === tier).length;
    expect(perUser('pro') / perUser('free')).toBeCloseTo(3, 0);
    expect(perUser('enterprise') / perUser('free')).toBeGreaterThan(5);
  });

  test('carries on: ids and sessions of a second run follow those of the first', async () => {
    await ingestGenerations(world.context(), { count: 3_000, seed: 5, days: 2 });
    const both = versions(await world.values<Generation>('generations'));
    expect(both.size).toBe(COUNT + 3_000);
    checkSessions([...both.values()].map((list) => list.at(-1) as Generation));
  });
});

test('the same seed gives the same bytes, another one does not', async () => {
  const logs: unknown[] = [];
  for (const seed of [9, 9, 10]) {
    await using world = await prepared(50, 200);
    await ingestGenerations(world.context(), { count: 2_000, seed });
    logs.push(await world.records('generations'));
  }
  expect(logs[0]).toEqual(logs[1]);
  expect(logs[0]).not.toEqual(logs[2]);
});

test('without users or prompts it says what to publish first', async () => {
  await using world = await IngestWorld.open();
  const ingest = (): Promise<unknown> => ingestGenerations(world.context(), { count: 10, seed: 1 });
  await expect(ingest()).rejects.toMatchObject({ code: 'INPUT_INVALID', place: 'users' });
  await ingestUsers(world.context(), { count: 5, seed: 1 });
  await expect(ingest()).rejects.toMatchObject({ code: 'INPUT_INVALID', place: 'prompts' });
});

test('uses the latest version of users and prompts, and not those that were deleted', async () => {
  await using world = await prepared(20, 20);
  await using writer = await world.log.write();
  const users = await world.catalog.encoder('users');
  for (let id = 1; id <= 19; id++) {
    const { key, value } = users.tombstone({ user_id: id });
    writer.add('users', key, value);
  }
  const prompts = await world.catalog.encoder('prompts');
  for (const { prompt_id } of await world.values<{ prompt_id: number }>('prompts')) {
    const { key, value } = prompts.record({
      prompt_id,
      prompt: 'four words it has',
      generation_seed: 1,
      step: 1,
      cfg: 1,
      sampler: 1,
      width: 1,
      height: 1,
      image_name: null,
      source_user: null,
      source_timestamp: null,
    });
    writer.add('prompts', key, value);
  }
  await writer.flush();
  await ingestGenerations(world.context(), { count: 100, seed: 1 });
  const all = await world.values<Generation>('generations');
  expect(new Set(all.map((one) => one.user_id))).toEqual(new Set([20]));
  expect(new Set(all.map((one) => one.token_count))).toEqual(new Set([4]));
});

describe('live traffic', () => {
  test('keeps its rate by the clock, and carries on after a stop', async () => {
    await using world = await prepared(50, 200);
    await ingestGenerations(world.context(), { count: 500, seed: 1 });
    const live = async (): Promise<void> => {
      const stop = AbortSignal.timeout(1_500);
      const summary = await ingestGenerations(world.context({ signal: stop }), { seed: 1, rate: 200, follow: true });
      expect(summary.stopped).toBe(true);
      expect(summary.records).toBeGreaterThan(150);
      expect(summary.records).toBeLessThan(350);
    };
    await live();
    await live();
    const byId = versions(await world.values<Generation>('generations'));
    expect([...byId.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: byId.size }, (_, i) => i + 1));
    checkSessions([...byId.values()].map((list) => list.at(-1) as Generation));
  });

  test('ends by itself after --count', async () => {
    await using world = await prepared(50, 200);
    const summary = await ingestGenerations(world.context(), { seed: 1, rate: 500, count: 100 });
    expect(summary.stopped).toBe(false);
    expect(versions(await world.values<Generation>('generations')).size).toBe(100);
  });

  test('refuses a rate that is none', async () => {
    await using world = await prepared(5, 5);
    await expect(ingestGenerations(world.context(), { seed: 1, rate: 0 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
