import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EventLog, Position } from '../../src/log/event-log.ts';
import { customer, followsAQuietTopic, published } from './quiet-topic.ts';
import { SHOP, Workshop } from './workshop.ts';

describe('the published checkpoint', () => {
  it('reaches the last commit although the topic went quiet, on the embedded log', async () => {
    await using workshop = await Workshop.of(SHOP);
    await followsAQuietTopic(workshop, workshop.log, 'quiet');
  });

  it('is published by a full refresh', async () => {
    await using workshop = await Workshop.of(SHOP);
    await workshop.publish([customer('a')]);
    await using materializer = await workshop.open({ group: 'refreshed' });
    await materializer.run({ fullRefresh: true });
    const found = await published(materializer, workshop.log, 'refreshed', 0);
    expect(found.checkpoint.length).toBeGreaterThan(0);
    expect(found.group).toEqual(found.checkpoint);
  });

  it('is published by one call at a time, however slow the log, and never goes back', async () => {
    await using workshop = await Workshop.of(SHOP);
    let underWay = 0;
    let most = 0;
    const offsets: number[] = [];
    const slow = withPublish(workshop.log, async (positions) => {
      most = Math.max(most, ++underWay);
      await sleep(offsets.length === 0 ? 1500 : 10);
      offsets.push(positions.reduce((sum, { offset }) => sum + offset, 0));
      underWay--;
    });
    await using materializer = await workshop.open({ log: slow, batch: { maxRecords: 1, maxMilliseconds: 0 } });
    const stop = new AbortController();
    const following = materializer.follow(stop.signal);
    for (let i = 0; i < 15; i++) {
      await workshop.publish([customer(`c${i}`)]);
      await sleep(150);
    }
    await materializer.catchUp();
    stop.abort();
    await following;
    expect(most).toBe(1);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(offsets.at(-1)).toBe(15);
    expect(offsets.length).toBeLessThan(8);
  });

  it('holds nobody up for long who stops while the log does not answer', async () => {
    await using workshop = await Workshop.of(SHOP);
    const silent = withPublish(workshop.log, () => new Promise(() => undefined));
    await using materializer = await workshop.open({ log: silent });
    const stop = new AbortController();
    const following = materializer.follow(stop.signal);
    await workshop.publish([customer('a')]);
    await materializer.catchUp();
    const start = performance.now();
    stop.abort();
    await following;
    expect(performance.now() - start).toBeLessThan(4000);
    expect(workshop.events).toContainEqual(
      expect.objectContaining({
        kind: 'notice',
        message: expect.stringContaining('did not answer within 2 s'),
      }),
    );
  });
});

/** The log, but for what it does with a published checkpoint. */
function withPublish(log: EventLog, publishCheckpoint: (positions: readonly Position[]) => Promise<void>): EventLog {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'publishCheckpoint')
        return (_: string, positions: readonly Position[]) => publishCheckpoint(positions);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
