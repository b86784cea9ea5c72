import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { applyTopics, checkTopics } from '../../src/topics/manage-topics.ts';
import { projectWith } from './projects.ts';

const shipped = loadTopics(path.join(import.meta.dirname, '../..'));

describe('topics in the log', () => {
  it('are missing, then created, then as their contracts say', async () => {
    await using log = openEmbeddedLog(path.join(projectWith({}), 'log.sqlite'));
    const missing = await checkTopics(log, shipped);
    expect(missing.map(({ topic, kind }) => `${topic} ${kind}`)).toEqual([
      'generations missing',
      'prompt_enrichments missing',
      'prompts missing',
      'users missing',
    ]);
    const done = await applyTopics(log, shipped);
    expect(done.map(({ problem }) => problem)).toContain('created users with 4 partitions');
    expect(await checkTopics(log, shipped)).toEqual([]);
    expect(await applyTopics(log, shipped)).toEqual([]);
    const generations = (await log.topics()).get('generations');
    expect(generations?.settings.get('retention.ms')).toBe('-1');
  });

  it('get their settings back, but never another number of partitions', async () => {
    await using log = openEmbeddedLog(path.join(projectWith({}), 'log.sqlite'));
    await log.createTopic({ name: 'users', partitions: 2, settings: { 'cleanup.policy': 'delete' } });
    const found = (await checkTopics(log, shipped)).filter(({ topic }) => topic === 'users');
    expect(found.map(({ kind, problem }) => `${kind}: ${problem}`)).toEqual([
      'partitions: users has 2 partitions, its contract says 4',
      'settings: users has cleanup.policy=delete, its contract says compact',
    ]);
    await applyTopics(log, shipped);
    expect((await checkTopics(log, shipped)).map(({ kind }) => kind)).toEqual(['partitions']);
    expect((await log.topics()).get('users')?.partitions).toBe(2);
  });
});
