import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { EventLog, Position } from '../../src/log/event-log.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { Workshop } from './workshop.ts';

/** A customer of the shop's project. */
export function customer(id: string) {
  const value = { customer_id: id, name: id, country: 'de', joined_on: '2026-01-01' };
  return { topic: 'customers', key: id, value };
}

/** What the warehouse says of itself, and what the log was told, once they agree or the time is over. */
export async function published(
  materializer: Materializer,
  log: EventLog,
  group: string,
  withinMs: number,
): Promise<{ checkpoint: Position[]; group: Position[] }> {
  for (const deadline = performance.now() + withinMs; ; await sleep(50)) {
    const { rows } = await materializer.query(
      'select topic, partition, next_offset from lens.checkpoint order by topic, partition',
    );
    const checkpoint = rows.map(([topic, partition, offset]) => ({ topic, partition, offset: Number(offset) }));
    const found = { checkpoint: checkpoint as Position[], group: await log.publishedCheckpoint(group) };
    if (performance.now() > deadline || JSON.stringify(found.checkpoint) === JSON.stringify(found.group)) return found;
  }
}

/**
 * Follows the shop, commits twice within a second, and then nothing comes any more: the group has to get to the
 * checkpoint all the same. The shop's topics are there and empty.
 */
export async function followsAQuietTopic(workshop: Workshop, log: EventLog, group: string): Promise<void> {
  await using materializer = await workshop.open({ log, group, batch: { maxRecords: 1000, maxMilliseconds: 0 } });
  const stop = new AbortController();
  const following = materializer.follow(stop.signal);
  await workshop.publish([customer('a')], log);
  await materializer.catchUp();
  await sleep(300);
  await workshop.publish([customer('b')], log);
  await materializer.catchUp();
  const found = await published(materializer, log, group, 2500);
  expect(found.checkpoint.reduce((sum, { offset }) => sum + offset, 0)).toBe(2);
  expect(found.group).toEqual(found.checkpoint);
  await workshop.publish([customer('c')], log);
  await materializer.catchUp();
  stop.abort();
  await following;
  const atEnd = await published(materializer, log, group, 0);
  expect(atEnd.checkpoint.reduce((sum, { offset }) => sum + offset, 0)).toBe(3);
  expect(atEnd.group, 'published when following ends').toEqual(atEnd.checkpoint);
}
