import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { TopicCatalog } from '../../src/topics/catalog.ts';
import { applyTopics } from '../../src/topics/manage-topics.ts';
import { kafkaSuite } from '../kafka/kafka-suite.ts';
import { histories } from '../materializer/random-history.ts';
import { REFRESHES, refreshUnderLoad } from '../materializer/refresh-under-load.ts';
import { followsAQuietTopic } from '../materializer/quiet-topic.ts';
import { contents, differences, ROOT, SHIPPED, SHOP, Workshop } from '../materializer/workshop.ts';

/** `LENS_KILLS=50` for the long run. */
const KILLS = Number(process.env['LENS_KILLS'] ?? 6);
const SEED = Number(process.env['LENS_KILL_SEED'] ?? 20261125);

/** The service over the shipped project, as a process; killed without warning at a random moment of its life. */
async function runAndKill(dataDir: string, where: readonly string[], milliseconds: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'bin/lens.mjs'), 'start', '--project-dir', SHIPPED, '--data-dir', dataDir, '--quiet', ...where],
    // A process group of its own: the launcher and the service die together.
    {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, LENS_COMPACTION_INTERVAL_SECONDS: '1', KAFKA_BROKERS: '' },
    },
  );
  await sleep(milliseconds);
  expect(child.exitCode, 'the service ended by itself').toBe(null);
  process.kill(-(child.pid as number), 'SIGKILL');
  await once(child, 'exit');
}

/** The project's topics, empty: a shared broker may still hold those of an earlier suite. */
async function freshTopics(log: EventLog, catalog: TopicCatalog): Promise<void> {
  const there = await log.topics();
  for (const { name } of catalog.contracts) if (there.has(name)) await log.deleteTopic(name);
  await applyTopics(log, catalog);
}

async function survivesKills(workshop: Workshop, log: EventLog, where: readonly string[]): Promise<void> {
  await freshTopics(log, workshop.catalog);
  const random = new Random(SEED);
  const dataDir = path.join(workshop.dir, 'killed');
  const users = 40;
  let generation = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const ingest = (async () => {
      await using writer = await log.write();
      for (let i = 0; i < 2000; i++) {
        const again = generation > 10 && random.chance(0.1);
        const id = again ? 1 + random.below(generation) : ++generation;
        const user = 1 + random.below(users);
        const { key, value } = await workshop.catalog.json('generations').encode(undefined, {
          generation_id: id,
          prompt_id: 1 + random.below(100),
          user_id: user,
          session_id: user * 10_000 + random.below(5),
          timestamp: new Date(Date.UTC(2026, 0, 1) + random.below(86_400_000)).toISOString(),
          session_date: '2026-01-01',
          latency_ms: random.below(9000),
          status: random.pick(['success', 'timeout', 'model_error']),
          cost_credits: (random.below(90_000) / 10_000).toFixed(4),
          retry_count: random.below(4),
          feedback: random.pick([null, 'thumbs_up', 'thumbs_down']),
          downloaded: random.pick([null, true, false]),
          model_version: 'v2.1',
          token_count: 1 + random.below(80),
        });
        writer.add('generations', key, value);
        if (i % 20 === 0) {
          const dimension = await workshop.catalog.json('users').encode(undefined, {
            user_id: 1 + random.below(users),
            user_tier: random.pick(['free', 'pro', 'enterprise']),
            signup_date: '2025-06-01T00:00:00Z',
            cohort_week: '2025-W22',
            region: 'europe',
            device_type: 'desktop',
          });
          writer.add('users', dimension.key, dimension.value);
          await writer.flush();
          await sleep(5);
        }
      }
    })();
    await runAndKill(dataDir, where, 500 + random.below(1800));
    await ingest;
  }
  await using survivor = await workshop.open({ dataDir, log });
  await survivor.run({});
  await using clean = await workshop.open({ log });
  const summary = await clean.run({});
  expect(summary.records).toBeGreaterThan(KILLS * 2000);
  expect(await contents(survivor)).toEqual(await contents(clean));
}

describe(`kill -9 of the service at ${KILLS} random moments (seed ${SEED})`, () => {
  it('leaves tables equal to a clean run, on the embedded log', async () => {
    await using workshop = await Workshop.of(SHIPPED);
    // The service finds the log in its data folder.
    const file = path.join(workshop.dir, 'killed', 'log.sqlite');
    await using log = openEmbeddedLog(file);
    await survivesKills(workshop, log, []);
  }, 600_000);
});

kafkaSuite('the materializer on Kafka', (brokers) => {
  it.each([
    ['the shipped project', SHIPPED],
    ['the shop', SHOP],
  ])('%s has the same tables as on the embedded log, and equals recompute', async (_, projectDir) => {
    await using workshop = await Workshop.of(projectDir);
    await using kafka = openKafkaLog({ brokers });
    await freshTopics(kafka, workshop.catalog);
    const history = fc.sample(histories(workshop.catalog, 300), { numRuns: 5, seed: SEED }).flat();
    await workshop.publish(history);
    await workshop.publish(history, kafka);
    await using onEmbedded = await workshop.open();
    await using onKafka = await workshop.open({ log: kafka, batch: { maxRecords: 37, maxMilliseconds: 20 } });
    await onEmbedded.run({});
    expect((await onKafka.run({})).records).toBe(history.length);
    expect(await differences(onKafka, workshop.project, ['batch', 'compaction'])).toEqual([]);
    expect(await contents(onKafka)).toEqual(await contents(onEmbedded));
    expect((await onKafka.lag()).every((row) => row.lag === 0)).toBe(true);
    const verified = await onKafka.verify({ chaos: { replays: 1, seed: SEED } });
    expect(verified.tables.filter(({ status }) => status !== 'equal')).toEqual([]);
    expect(verified).toMatchObject({ status: 'equal', replays: [{ status: 'equal' }] });
  });

  it('the offsets of the group equal the checkpoint soon after the topic went quiet', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using log = openKafkaLog({ brokers });
    await freshTopics(log, workshop.catalog);
    await followsAQuietTopic(workshop, log, `quiet-${Date.now().toString(36)}`);
  });

  it('warns of topics that forget before a full refresh', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using log = openKafkaLog({ brokers });
    await freshTopics(log, workshop.catalog);
    const { name, partitions, settings } = workshop.catalog.contract('orders');
    await log.alterTopic({ name, partitions, settings: { ...settings, 'retention.ms': '604800000' } });
    await using materializer = await workshop.open({ log });
    const forgetting: unknown[] = [];
    await materializer.run({
      fullRefresh: true,
      onProgress: (news) => {
        if (news.kind === 'preflight') forgetting.push(...news.preflight.forgetting);
      },
    });
    expect(forgetting).toEqual([{ topic: 'orders', setting: 'retention.ms=604800000' }]);
  });

  it(`${REFRESHES} refreshes under live load: readers see whole versions only, and nothing is lost`, async () => {
    await using workshop = await Workshop.of(SHOP);
    await using log = openKafkaLog({ brokers });
    await freshTopics(log, workshop.catalog);
    await refreshUnderLoad(workshop, log);
  }, 3_600_000);

  // In this file, since both use the shipped topics on one broker.
  it(`survives kill -9 of the service at ${KILLS} random moments (seed ${SEED})`, async () => {
    await using workshop = await Workshop.of(SHIPPED);
    await using log = openKafkaLog({ brokers });
    await survivesKills(workshop, log, ['--brokers', brokers.join(',')]);
  }, 600_000);
});
