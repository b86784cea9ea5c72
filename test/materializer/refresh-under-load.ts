import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { customer, order } from './refresh-lab.ts';
import { contents, differences, type Workshop } from './workshop.ts';

/** `LENS_REFRESHES=200` for the long run. */
export const REFRESHES = Number(process.env['LENS_REFRESHES'] ?? 3);

/**
 * What one read sees, in one snapshot: every order is one record, and stands in each of the tables that follow its batch. A table kept by compaction
 * comes later, and never goes back.
 */
const WHOLE = `select (select coalesce(sum(next_offset), 0)::bigint from lens.checkpoint where topic = 'orders') as applied,
  (select count(*) from raw_orders) as raw, (select count(*) from fct_orders) as facts,
  (select coalesce(sum(orders), 0)::bigint from customer_totals) as totals,
  (select coalesce(sum(orders), 0)::bigint from daily_sales) as reported`;

/**
 * A read that is begun again when it is told to be: a rollback waits three seconds for who reads the edition that it returns to, which a read can
 * take on a machine that is busy with other things.
 */
async function asToldTo<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const interrupted =
        error instanceof LensError && error.message.endsWith('a rollback returns to the edition it reads');
      if (!interrupted) throw error;
    }
  }
}

/** Reads until told to stop. Gives the number of reads; throws when one sees anything but a whole version, or an older one. */
async function readOn(materializer: Materializer, until: AbortSignal): Promise<number> {
  let reads = 0;
  let newest = 0;
  let newestReported = 0;
  while (!until.aborted) {
    const { rows } = await asToldTo(() => materializer.query(WHOLE));
    const [applied, raw, facts, totals, reported] = rows[0] as [number, number, number, number, number];
    expect([raw, facts, totals]).toEqual([applied, applied, applied]);
    expect(applied).toBeGreaterThanOrEqual(newest);
    expect(reported).toBeGreaterThanOrEqual(newestReported);
    [newest, newestReported] = [applied, reported];
    reads++;
    await sleep(20);
  }
  return reads;
}

/** Reads one table row by row, slowly. Gives how many it was said to have at the beginning, and how many there were. */
async function countSlowly(materializer: Materializer): Promise<[number, number]> {
  let [expected, seen] = [0, 0];
  await materializer.streamQuery(
    'select count(*) over () as all_rows, order_id from fct_orders',
    { maxRows: 10_000_000 },
    {
      columns: () => {},
      rows: async (piece) => {
        expected = Number(piece[0]?.[0]);
        // Longer than a swap takes.
        if (seen === 0) await sleep(500);
        seen += piece.length;
      },
    },
  );
  return [expected, seen];
}

/** Does so again and again, across swaps: as many rows as it began with. */
async function readSlowly(materializer: Materializer, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const [expected, seen] = await asToldTo(() => countSlowly(materializer));
    expect(seen).toBe(expected);
    await sleep(20);
  }
}

/**
 * Refreshes the shop again and again while orders come in and readers read: they see whole versions only, none older than the one before, and in
 * the end nothing is lost.
 */
export async function refreshUnderLoad(workshop: Workshop, log: EventLog): Promise<void> {
  await using materializer = await workshop.open({ log, compaction: { intervalSeconds: 0.1 } });
  const stop = new AbortController();
  const following = materializer.follow(stop.signal);
  let last = 0;
  const publishing = (async () => {
    while (!stop.signal.aborted) {
      const some = Array.from({ length: 3 }, () => order(++last, `k${last % 7}`));
      await workshop.publish([...some, customer(`k${last % 7}`)], log);
      await sleep(100);
    }
  })();
  const reading = [1, 2].map(() => readOn(materializer, stop.signal));
  const slowly = readSlowly(materializer, stop.signal);
  const swapped: number[] = [];
  const work = (async () => {
    for (let i = 1; i <= REFRESHES; i++) {
      // From the log, some models alone, and back and forth.
      const refreshed =
        i % 4 === 3
          ? await materializer.rollback({})
          : (await materializer.run({ fullRefresh: true, models: i % 2 === 0 ? ['fct_orders'] : undefined })).refreshed;
      swapped.push(refreshed?.heldMilliseconds ?? Number.NaN);
    }
  })();
  try {
    await Promise.race([work, Promise.all(reading), slowly, following, publishing]);
  } finally {
    stop.abort();
  }
  await work;
  const reads = (await Promise.all(reading)).reduce((sum, n) => sum + n, 0);
  await Promise.all([slowly, publishing, following]);
  await materializer.run({});
  expect(swapped.filter((held) => held > 0)).toHaveLength(REFRESHES);
  expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  expect((await materializer.query('select count(*) from raw_orders')).rows).toEqual([[last]]);
  await using clean = await workshop.open({ log });
  await clean.run({});
  expect(await contents(materializer)).toEqual(await contents(clean));
  const sorted = swapped.toSorted((a, b) => a - b).map(Math.round);
  const [median, longest] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  process.stdout.write(
    `${REFRESHES} swaps, ${reads} reads, ${last} orders; following held ${median} ms (median), ${longest} ms (longest)\n`,
  );
}
