import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ingestGenerations } from '../../src/ingest/ingest-generations.ts';
import { ingestPrompts } from '../../src/ingest/ingest-prompts.ts';
import { ingestSample } from '../../src/ingest/ingest-sample.ts';
import { scanTopic } from '../../src/ingest/topic-scan.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { IngestWorld } from './ingest-world.ts';

const SAMPLE = { prompts: 60, users: 12, generations: 300, seed: 42 };
const TOPICS = ['prompts', 'users', 'generations', 'prompt_enrichments'];

async function everything(world: IngestWorld): Promise<unknown> {
  return Promise.all(TOPICS.map((topic) => world.records(topic)));
}

/** A log whose writers take so many records, then fail for good: a process that is killed. */
function dyingAfter(log: EventLog, records: number): EventLog {
  let left = records;
  const write: EventLog['write'] = async (options) => {
    const writer = await log.write(options);
    return new Proxy(writer, {
      get: (target, name) => {
        if (name === 'add') {
          return (...record: Parameters<typeof target.add>) => {
            if (left-- <= 0) throw new Error('killed');
            target.add(...record);
          };
        }
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  };
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('the sample', () => {
  test('fills the four topics once', async () => {
    await using world = await IngestWorld.open();
    const summaries = await ingestSample(world.context(), SAMPLE);
    expect(summaries.map(({ topic }) => topic)).toEqual([
      'prompts',
      'users',
      'generations',
      'prompt_enrichments',
      'prompt_enrichments',
    ]);
    const before = await everything(world);
    expect(await ingestSample(world.context(), SAMPLE)).toEqual([]);
    expect(await everything(world)).toEqual(before);
  });

  test('passes every landing check', async () => {
    await using world = await IngestWorld.open();
    await ingestSample(world.context(), { prompts: 1_000, users: 100, generations: 3_000, seed: 7 });
    for (const topic of TOPICS) {
      const batch = world.catalog.batch(topic);
      let records = 0;
      await scanTopic(world.context(), topic, (block) => {
        batch.reset();
        batch.add(block);
        expect(batch.seal().deadLetters).toEqual([]);
        records += block.count;
      });
      expect(records).toBeGreaterThan(0);
    }
  });

  test('interrupted anywhere and started again, the log is as if nothing had happened', async () => {
    await using clean = await IngestWorld.open();
    await ingestSample(clean.context(), SAMPLE);
    const expected = await everything(clean);
    const records = (expected as unknown[][]).flat().length;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: records }), { maxLength: 3 }), async (kills) => {
        await using world = await IngestWorld.open();
        for (const records of kills) {
          const log = dyingAfter(world.log, records);
          await ingestSample(world.context({ log }), SAMPLE).catch((error: Error) =>
            expect(error.message).toBe('killed'),
          );
        }
        await ingestSample(world.context(), SAMPLE);
        expect(await everything(world)).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  test('leaves topics alone that hold something else, and whatever came after it', async () => {
    await using world = await IngestWorld.open();
    await ingestPrompts(world.context(), { count: 20, seed: 7 });
    const own = await world.records('prompts');
    const summaries = await ingestSample(world.context(), SAMPLE);
    expect(summaries.map(({ topic }) => topic)).toEqual(['users', 'generations']);
    expect(await world.records('prompts')).toEqual(own);
    for (const more of [3, 100]) {
      await ingestGenerations(world.context(), { count: more, seed: 1, days: 1 });
      expect(await ingestSample(world.context(), SAMPLE)).toEqual([]);
      expect(await ingestSample(world.context(), { ...SAMPLE, seed: 1 })).toEqual([]);
      expect(await ingestSample(world.context(), { ...SAMPLE, generations: 5_000 })).toEqual([]);
    }
  });
});
