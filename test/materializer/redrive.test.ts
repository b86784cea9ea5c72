import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../src/log/partitioner.ts';
import type { RedriveRequest, RedriveResult } from '../../src/materializer/dead-letters/dead-letter-contract.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { type Happening, histories } from './random-history.ts';
import { LAB, ofOrder, outline, record } from './why-lab.ts';
import { contents, differences, Workshop } from './workshop.ts';

const EVERY_UPKEEP = ['batch', 'compaction'];

/** A record as `--edit` gives it. */
async function edited(workshop: Workshop, { topic, key, value }: Exclude<Happening, { garbage: string }>) {
  const bytes = await workshop.catalog.json(topic).encode(key, value);
  const base64 = (part: Uint8Array | null): string | null =>
    part === null ? null : Buffer.from(part).toString('base64');
  return { keyBase64: base64(bytes.key), valueBase64: base64(bytes.value) };
}

async function redrive(materializer: Materializer, request: RedriveRequest): Promise<RedriveResult['outcome'][]> {
  const { letters } = await materializer.letters.redrive(request);
  return letters.map(({ outcome }) => outcome);
}

async function letters(materializer: Materializer): Promise<readonly unknown[]> {
  const sql = 'select topic, partition, record_offset, status from lens.dead_letters order by all';
  return (await materializer.query(sql)).rows;
}

async function orders(materializer: Materializer): Promise<readonly unknown[]> {
  return (await materializer.query('select order_id, customer, price from raw_orders order by all')).rows;
}

/** The tables are what their SELECTs, a replay, and a replay in another way make of the log. */
async function expectReplayed(materializer: Materializer, workshop: Workshop): Promise<void> {
  expect(await differences(materializer, workshop.project, EVERY_UPKEEP)).toEqual([]);
  const signal = new AbortController().signal;
  const { tables, replays } = await materializer.verify({ from: 'log', chaos: { replays: 1, seed: 5 }, signal });
  expect([...tables, ...replays].filter(({ status }) => status === 'different')).toEqual([]);
}

/** And what a full refresh makes of it, which has the dead letters too. */
async function expectSound(materializer: Materializer, workshop: Workshop): Promise<void> {
  await expectReplayed(materializer, workshop);
  const [before, lettersBefore] = [await contents(materializer), await letters(materializer)];
  await materializer.run({ fullRefresh: true });
  expect(await contents(materializer)).toEqual(before);
  expect(await letters(materializer)).toEqual(lettersBefore);
}

describe('a redriven dead letter', () => {
  it('counts at its own place: a newer record of its key wins', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([ofOrder(1, 'ann', 1), ofOrder(1, 'ann', -2), ofOrder(3, 'bob', -3), ofOrder(1, 'ann', 4)]);
    await materializer.run({});
    const open = await letters(materializer);
    expect(open.map((row) => (row as unknown[])[3])).toEqual(['open', 'open']);
    expect(await redrive(materializer, { filter: {} })).toEqual(['rejected', 'rejected']);
    expect(await letters(materializer)).toEqual(open);
    for (const [id, offset, outcome] of [
      [1, 1, 'superseded'],
      [3, 2, 'redriven'],
    ] as const) {
      const value = { order_id: id, customer: 'x', price: 3 };
      const edit = await edited(workshop, { topic: 'orders', key: id, value });
      const filter = { place: { topic: 'orders', partition: placeOf(id), offset } };
      expect(await redrive(materializer, { filter, edit, dryRun: true })).toEqual([outcome]);
      expect(await redrive(materializer, { filter, edit })).toEqual([outcome]);
      expect(await redrive(materializer, { filter, edit })).toEqual([outcome === 'redriven' ? 'already' : outcome]);
    }
    expect(await orders(materializer)).toEqual([
      [1, 'ann', 4],
      [3, 'x', 3],
    ]);
    expect((await materializer.status()).deadLetters).toBe(0);
    const { table } = await materializer.why({ table: 'raw_orders', key: ['3'], limit: 5 });
    expect(outline(table)[1]).toBe(`  3 orders/${placeOf(3)}@2`);
    await expectSound(materializer, workshop);
    const filter = { status: ['superseded'] } as const;
    expect(await redrive(materializer, { filter, force: true })).toEqual(['rejected']);
  });

  it.each([2, 3])('with another key counts among that key’s records: %i', async (id) => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    // The other partition may be empty: a place before all that it holds.
    await workshop.publish([ofOrder(1, 'ann', -1)]);
    await materializer.run({});
    const edit = await edited(workshop, { topic: 'orders', key: id, value: { order_id: id, customer: 'x', price: 5 } });
    const filter = { place: { topic: 'orders', partition: placeOf(1), offset: 0 } };
    expect(await redrive(materializer, { filter, edit })).toEqual(['redriven']);
    expect(await redrive(materializer, { filter, edit })).toEqual(['already']);
    expect(await orders(materializer)).toEqual([[id, 'x', 5]]);
    const { table } = await materializer.why({ table: 'fct_money', key: [`o${id}`], limit: 5 });
    expect(outline(table)).toContain(`    ${id} orders/${placeOf(1)}@0`);
    await expectSound(materializer, workshop);
    await workshop.publish([ofOrder(id, 'later', 6)]);
    await materializer.run({});
    expect(await orders(materializer)).toEqual([[id, 'later', 6]]);
    await expectReplayed(materializer, workshop);
  });

  it('with another key is superseded by a newer record of it, unless forced', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([ofOrder(1, 'ann', -1)]);
    {
      await using writer = await workshop.log.write();
      const { key, value } = await workshop.catalog
        .json('orders')
        .encode(2, { order_id: 2, customer: 'new', price: 9 });
      writer.add('orders', key, value, { timestamp: 2000 });
    }
    await materializer.run({});
    const edit = await edited(workshop, { topic: 'orders', key: 2, value: { order_id: 2, customer: 'old', price: 5 } });
    const filter = { place: { topic: 'orders', partition: placeOf(1), offset: 0 } };
    expect(await redrive(materializer, { filter, edit })).toEqual(['superseded']);
    expect(await orders(materializer)).toEqual([[2, 'new', 9]]);
    expect(await redrive(materializer, { filter, edit, force: true })).toEqual(['redriven']);
    expect(await orders(materializer)).toEqual([[2, 'old', 5]]);
    await expectSound(materializer, workshop);
  });

  it('of a topic that only grows is one row, however often it is redriven', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await workshop.publish([
      record('clicks', undefined, { customer: 'ann', page: '/' }),
      { topic: 'clicks', garbage: 'AAEC' },
    ]);
    await materializer.run({});
    const edit = await edited(workshop, { topic: 'clicks', key: undefined, value: { customer: 'ann', page: '/b' } });
    const filter = { place: { topic: 'clicks', partition: 0, offset: 1 } };
    const both = await Promise.all([redrive(materializer, { filter, edit }), redrive(materializer, { filter, edit })]);
    expect(both.toSorted()).toEqual([['already'], ['redriven']]);
    expect((await materializer.query('select * from visits')).rows).toEqual([['ann', 2]]);
    await expectSound(materializer, workshop);
  });

  it('counts with its own bytes once its contract is mended', async () => {
    await using workshop = await Workshop.of(LAB);
    await workshop.publish([ofOrder(1, 'ann', -1), ofOrder(1, 'ann', 2), ofOrder(2, 'ann', -2)]);
    const dataDir = path.join(workshop.dir, 'data');
    {
      await using materializer = await workshop.open({ dataDir });
      await materializer.run({});
    }
    const mended = mkdtempSync(path.join(tmpdir(), 'lens-'));
    cpSync(LAB, mended, { recursive: true });
    const contract = path.join(mended, 'topics/orders/topic.yml');
    writeFileSync(contract, readFileSync(contract, 'utf8').replace('min: 0', 'min: -10'));
    await using materializer = await workshop.open({ dataDir, catalog: loadTopics(mended) });
    const outcomes = placeOf(1) < placeOf(2) ? ['superseded', 'redriven'] : ['redriven', 'superseded'];
    expect(await redrive(materializer, { filter: { reason: 'check_failed' } })).toEqual(outcomes);
    expect(await orders(materializer)).toEqual([
      [1, 'ann', 2],
      [2, 'ann', -2],
    ]);
    expect(await redrive(materializer, { filter: {} })).toEqual([]);
    await expectSound(materializer, workshop);
  });

  it('that a gate held back counts when the gate lets it pass, in every replay too', async () => {
    const gated = mkdtempSync(path.join(tmpdir(), 'lens-'));
    cpSync(LAB, gated, { recursive: true });
    mkdirSync(path.join(gated, 'tests'));
    const test = "{{ config(gate=true) }} select * from {{ source('shop', 'orders') }} where customer = 'eve'";
    writeFileSync(path.join(gated, 'tests/no_eve.sql'), test);
    await using workshop = await Workshop.of(gated);
    await using materializer = await workshop.open();
    await workshop.publish([ofOrder(1, 'eve', 1), ofOrder(3, 'eve', 3), ofOrder(4, 'ann', 4)]);
    await materializer.run({});
    expect(await orders(materializer)).toEqual([[4, 'ann', 4]]);
    expect(await redrive(materializer, { filter: {} })).toEqual(['rejected', 'rejected']);
    const { letters: still } = await materializer.letters.redrive({ filter: {} });
    expect(still[0]).toMatchObject({ reasonCode: 'gate_failed', reason: expect.stringContaining('no_eve') as string });
    const edit = await edited(workshop, { topic: 'orders', key: 3, value: { order_id: 3, customer: 'bob', price: 3 } });
    const place = { topic: 'orders', partition: placeOf(3), offset: 1 };
    expect(await redrive(materializer, { filter: { place }, edit })).toEqual(['redriven']);
    expect(await orders(materializer)).toEqual([
      [3, 'bob', 3],
      [4, 'ann', 4],
    ]);
    await expectSound(materializer, workshop);
  });

  it('is named by its place, and is asked for with a payload of its own', async () => {
    await using workshop = await Workshop.of(LAB);
    await using materializer = await workshop.open();
    await materializer.run({});
    const filter = { place: { topic: 'orders', partition: 0, offset: 7 } };
    await expect(materializer.letters.redrive({ filter })).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
    await expect(
      materializer.letters.redrive({ filter: {}, edit: { keyBase64: null, valueBase64: null } }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });
});

it('purges what was not redriven', async () => {
  await using workshop = await Workshop.of(LAB);
  await using materializer = await workshop.open();
  await workshop.publish([
    { topic: 'clicks', garbage: 'AAEC' },
    { topic: 'clicks', garbage: 'AAEC' },
    ofOrder(1, 'ann', -1),
  ]);
  await materializer.run({});
  const edit = await edited(workshop, { topic: 'clicks', key: undefined, value: { customer: 'ann', page: '/b' } });
  await materializer.letters.redrive({ filter: { place: { topic: 'clicks', partition: 0, offset: 0 } }, edit });
  expect(await materializer.letters.purge({ olderThanSeconds: 3600 })).toEqual({ purged: 0 });
  expect(await materializer.letters.purge({ topic: 'orders' })).toEqual({ purged: 1 });
  expect(await materializer.letters.purge({})).toEqual({ purged: 1 });
  expect(await letters(materializer)).toEqual([['clicks', 0, 0, 'redriven']]);
});

/** More runs than the gate has time for: LENS_LAW_RUNS=200. */
it('changes nothing that a replay would not, whatever is redriven when', async () => {
  const { catalog } = new Workshop(LAB);
  const asked = fc.record({
    parts: fc.array(histories(catalog, 25), { minLength: 2, maxLength: 3 }),
    picks: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ parts, picks }) => {
      await using workshop = await Workshop.of(LAB);
      await using materializer = await workshop.open();
      const good = parts.flat().filter((one): one is Exclude<Happening, { garbage: string }> => !('garbage' in one));
      let at = 0;
      for (const part of parts) {
        await workshop.publish(part);
        await materializer.run({});
        for (let round = 0; round < 4; round++) {
          const open = (await letters(materializer)) as [string, number, number, string][];
          const [topic, partition, offset] =
            open[(picks[at++ % picks.length] as number) % Math.max(1, open.length)] ?? [];
          const same = good.filter((one) => one.topic === topic);
          const chosen = same[(picks[at++ % picks.length] as number) % Math.max(1, same.length)];
          if (topic === undefined || partition === undefined || offset === undefined || chosen === undefined) continue;
          const filter = { place: { topic, partition, offset } };
          await materializer.letters.redrive({ filter, edit: await edited(workshop, chosen), force: round === 3 });
        }
      }
      await expectReplayed(materializer, workshop);
    }),
    { numRuns: Number(process.env['LENS_LAW_RUNS'] ?? 2) },
  );
}, 60_000);

/** The partition of an order, of the two that the topic has. */
function placeOf(id: number): number {
  return partitionOf(Buffer.from(String(id)), 2);
}
