import path from 'node:path';
import { expect, it } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { editionFiles, order } from './refresh-lab.ts';
import { SHOP, Workshop } from './workshop.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-03-01T00:00:00Z');

async function ids(materializer: Materializer, edition?: string): Promise<number[]> {
  const { rows } = await materializer.query('select order_id from fct_orders order by 1', { edition });
  return rows.map(([id]) => Number(id));
}

/** Order N on day N, whichever partition it goes to; each third day's comes a day late. */
async function publishByDay(workshop: Workshop, log: EventLog, days: number): Promise<void> {
  await using writer = await log.write();
  for (let day = 0; day < days; day++) {
    const { key, value } = order(day) as { key: unknown; value: Record<string, unknown> };
    const encoded = await workshop.catalog.json('orders').encode(key, value);
    const timestamp = START + day * DAY + (day % 3 === 0 ? DAY : 0);
    writer.add('orders', encoded.key, encoded.value, { timestamp, partition: day % 3 });
  }
  await writer.flush();
}

it('an edition as of a time holds what stood before the first later record of each partition', async () => {
  await using workshop = await Workshop.of(SHOP);
  const dataDir = path.join(workshop.dir, 'data');
  await using materializer = await workshop.open({ dataDir });
  await publishByDay(workshop, workshop.log, 12);
  await materializer.run({});
  const entry = await materializer.replay({ name: 'early', bound: { toTime: START + 4 * DAY } });
  expect(entry).toMatchObject({ name: 'early', builtBy: 'replay --to-time 2026-03-05T00:00:00.000Z' });
  // Partition 0 has days 0, 3, 6, 9, each a day late; 1 has 1, 4, 7, 10; 2 has 2, 5, 8, 11.
  expect(await ids(materializer, 'early')).toEqual([0, 1, 2]);
  expect(await ids(materializer)).toHaveLength(12);
  const everything = await materializer.replay({ name: 'all', bound: { toTime: START + 100 * DAY } });
  expect(everything?.checkpoint.reduce((sum, { nextOffset }) => sum + nextOffset, 0)).toBe(12);
  expect(await ids(materializer, 'all')).toHaveLength(12);
  await materializer.replay({ name: 'never', bound: { toTime: START - DAY } });
  expect(await ids(materializer, 'never')).toEqual([]);
});

it('an edition up to offsets is for reading only, is listed, stays when others take over, and is dropped', async () => {
  await using workshop = await Workshop.of(SHOP);
  const dataDir = path.join(workshop.dir, 'data');
  {
    await using materializer = await workshop.open({ dataDir });
    await publishByDay(workshop, workshop.log, 12);
    await materializer.run({});
    const bound = { toOffsets: [{ topic: 'orders', partition: 1, offset: 2 }] };
    await materializer.replay({ name: 'some', bound });
    expect(await ids(materializer, 'some')).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9, 11]);
    await expect(materializer.replay({ name: 'some', bound })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(materializer.replay({ name: 'live', bound })).rejects.toMatchObject({ code: 'USAGE' });
    const beyond = { toOffsets: [{ topic: 'orders', partition: 1, offset: 5 }] };
    await expect(materializer.replay({ name: 'beyond', bound: beyond })).rejects.toMatchObject({
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      place: 'orders/1',
      message: expect.stringContaining('the log holds 0 to 4') as string,
    });
    await materializer.run({ fullRefresh: true });
    expect(editionFiles(dataDir)).toHaveLength(3);
    expect((await materializer.editions()).map(({ name }) => name)).toEqual(['live', 'previous', 'some']);
  }
  await using again = await workshop.open({ dataDir });
  await workshop.publish([order(100)]);
  await again.run({});
  expect(await ids(again, 'some')).toHaveLength(10);
  const listed = (await again.editions()).find(({ name }) => name === 'some');
  expect(listed?.checkpoint).toContainEqual({ topic: 'orders', partition: 1, nextOffset: 2 });
  expect(listed?.bytes).toBeGreaterThan(0);
  await again.dropEdition('some');
  await expect(ids(again, 'some')).rejects.toMatchObject({ code: 'EDITION_UNKNOWN' });
  await expect(again.dropEdition('live')).rejects.toMatchObject({ code: 'USAGE' });
  expect(editionFiles(dataDir)).toHaveLength(2);
});
