import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import { Edition } from '../../src/materializer/edition.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { RetryPace } from '../../src/materializer/models/retry-pace.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { changedShop, order } from './changed-shop.ts';
import { differences, plansFor, Workshop } from './workshop.ts';

/** A model `by_note` of the shop with that SELECT and configuration. */
function shopWith(select: string, config: string): string {
  return changedShop({ 'models/marts/by_note.sql': `{{ config(${config}) }} ${select}` });
}

const NOTES = "select note, order_id from {{ source('web', 'orders') }}";
/** Its rows have no key that follows from the SQL. */
const NOTES_ALONE = "select note, quantity from {{ source('web', 'orders') }}";

function addTo(dir: string, file: string, text: string): void {
  writeFileSync(path.join(dir, file), text);
}

async function failure(work: Promise<unknown>): Promise<LensError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LensError)) throw new Error(`not a LensError: ${String(error)}`);
  return error;
}

async function rows(materializer: Materializer, sql: string): Promise<unknown> {
  return (await materializer.query(sql)).rows;
}

const APPLIED =
  'select sum(next_offset - first_offset)::integer, (select count(*) from raw_orders) from lens.checkpoint';

/** Where the model stands, and what it says of itself. */
async function standing(materializer: Materializer): Promise<unknown> {
  const [found] = (await materializer.status()).models.filter(({ name }) => name === 'by_note');
  return { state: found?.state, reason: found?.reason, behind: found?.recordsBehind, rows: found?.rows };
}

describe('a unique_key that is not unique', () => {
  it.each([
    ['rows redone by another key', NOTES],
    ['rows redone by the key itself', NOTES_ALONE],
  ])('leaves its model where it was, holds nobody up, and heals by a record: %s', async (_, select) => {
    const dir = shopWith(select, "unique_key='note'");
    addTo(dir, 'models/marts/over_note.sql', "select note, count(*) as n from {{ ref('by_note') }} group by note");
    await using workshop = await Workshop.of(dir);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', 'a'), order(4, 'k1', 'c')]);
    const { results } = await materializer.run({});
    const outcome = (name: string): unknown => results.find((result) => result.name === name);
    expect(outcome('by_note')).toMatchObject({
      status: 'error',
      message: expect.stringContaining('the unique_key (note) of model by_note is not unique: note = "a" in 2 rows'),
    });
    expect(outcome('over_note')).toMatchObject({ status: 'skipped' });
    expect(outcome('fct_orders')).toMatchObject({ status: 'success' });
    expect(await rows(materializer, APPLIED)).toEqual([[4, 4]]);
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[4]]);
    expect(await standing(materializer)).toEqual({
      state: 'failed',
      reason: 'the unique_key (note) of model by_note is not unique: note = "a" in 2 rows',
      behind: 2,
      rows: 2,
    });
    // A record of something else changes nothing of that.
    await workshop.publish([order(5, 'k1', 'e')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({ state: 'failed', behind: 3, rows: 2 });
    await workshop.publish([order(3, 'k1', 'd')]);
    expect((await materializer.run({})).models.every(({ status }) => status === 'success')).toBe(true);
    expect(await standing(materializer)).toMatchObject({ state: 'current', reason: null, behind: 0, rows: 5 });
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('heals at a compaction of the service', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note'"));
    await using materializer = await workshop.open({ compaction: { intervalSeconds: 0.02 } });
    const stop = new AbortController();
    const following = materializer.follow(stop.signal);
    const until = async (state: string): Promise<void> => {
      while (((await standing(materializer)) as { state: string }).state !== state) await sleep(10);
    };
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
    await until('failed');
    const events = (kind: string): number => workshop.events.filter((event) => event.kind === kind).length;
    const tries = events('compaction') + 3;
    while (events('compaction') < tries) await sleep(10);
    // By the batch, and by the first that tried again.
    expect(events('model-failed')).toBeLessThanOrEqual(2);
    await workshop.publish([order(2, 'k1', 'b')]);
    await until('current');
    stop.abort();
    await following;
    expect(workshop.events).toContainEqual({ kind: 'notice', message: 'current again: by_note' });
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('with models.onFailure stop ends at the last commit, and the batch goes through once it is mended', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note'"));
    await using materializer = await workshop.open({ onModelFailure: 'stop' });
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', 'a'), order(4, 'k1', 'c')]);
    expect(await failure(materializer.run({}))).toMatchObject({
      code: 'MODEL_KEY_NOT_UNIQUE',
      place: 'by_note',
      hint: expect.stringContaining('partition by note') as string,
      fields: { model: 'by_note', key: ['note'], examples: [{ key: ['"a"'], rows: 2 }] },
    });
    expect(await rows(materializer, APPLIED)).toEqual([[2, 2]]);
    expect(await standing(materializer)).toMatchObject({ state: 'current', rows: 2 });
    await workshop.publish([order(3, 'k1', 'd')]);
    await materializer.run({});
    expect(await rows(materializer, APPLIED)).toEqual([[5, 4]]);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('is current again by a start with a changed model', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note'"));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1', 'a')]);
      await materializer.run({});
      await workshop.publish([order(2, 'k1', 'a')]);
      await materializer.run({});
    }
    const project = loadProject(shopWith(NOTES, "unique_key=['note', 'order_id']"));
    await using materializer = await workshop.open({ dataDir, project });
    expect(await rows(materializer, 'select note, order_id from by_note order by all')).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({ state: 'current', behind: 0 });
  });

  it('takes nulls as values, names several columns, and shows at most five keys', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES_ALONE, "unique_key=['Note', 'quantity']"));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1'), order(2, 'k1'), order(3, 'k1', 'a')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({
      reason: 'the unique_key (note, quantity) of model by_note is not unique: note = null, quantity = 1 in 2 rows',
    });
    const many = Array.from({ length: 14 }, (_, at) => order(10 + at, 'k1', `n${at % 7}`));
    await workshop.publish([order(2, 'k1', 'b'), ...many]);
    await materializer.run({});
    const { reason } = (await standing(materializer)) as { reason: string };
    expect(reason.match(/in 2 rows/g)).toHaveLength(5);
    expect(reason).toMatch(/; and 2 more$/);
  });

  it('may be SQL over the columns, as in dbt', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='lower(note)'"));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', 'A')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({
      reason: expect.stringContaining('(lower(note)) = "a" in 2 rows') as string,
    });
  });

  it.each(['leave', 'stop'] as const)(
    'keeps the rows that there were when a model is changed: %s',
    async (onFailure) => {
      await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='order_id'"));
      const dataDir = path.join(workshop.dir, 'kept');
      {
        await using materializer = await workshop.open({ dataDir });
        await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
        await materializer.run({});
      }
      const changed = loadProject(shopWith(NOTES, "unique_key='note'"));
      const opened = workshop.open({ dataDir, project: changed, onModelFailure: onFailure });
      if (onFailure === 'stop') expect((await failure(opened)).code).toBe('MODEL_KEY_NOT_UNIQUE');
      else {
        await using materializer = await opened;
        expect(await standing(materializer)).toMatchObject({ state: 'failed', rows: 2 });
        await expect(materializer.run({ fullRefresh: true })).rejects.toMatchObject({
          code: 'MODEL_KEY_NOT_UNIQUE',
          hint: expect.stringContaining('the live edition stays as it is') as string,
        });
      }
      await using materializer = await workshop.open({ dataDir });
      expect(await standing(materializer)).toMatchObject({ state: 'current', behind: 0, rows: 2 });
    },
  );

  it('found by compaction leaves its model, or stops the service, as it is set', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note', upkeep='compaction'"));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({
        dataDir,
        compaction: { intervalSeconds: 0.05 },
        onModelFailure: 'stop',
      });
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
      expect((await failure(materializer.run({}))).code).toBe('MODEL_KEY_NOT_UNIQUE');
      expect(await rows(materializer, APPLIED)).toEqual([[2, 2]]);
      expect((await failure(materializer.follow(new AbortController().signal))).code).toBe('MODEL_KEY_NOT_UNIQUE');
    }
    await using materializer = await workshop.open({ dataDir });
    expect((await materializer.run({})).models.filter(({ status }) => status === 'error')).toMatchObject([
      { name: 'by_note' },
    ]);
    expect(await standing(materializer)).toMatchObject({ state: 'failed', rows: 0 });
    await workshop.publish([order(2, 'k1', 'b')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({ state: 'current', behind: 0, rows: 2 });
  });

  it('found after landing in bulk keeps the rows from before, until a record mends it', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note'"));
    await using materializer = await workshop.open({ bulk: { lagRecords: 1 } });
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a'), order(3, 'k1', 'b')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({ state: 'failed', rows: 0 });
    await workshop.publish([order(2, 'k1', 'c')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({ state: 'current', rows: 3 });
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('of a new model kept by compaction heals as well, also with another key', async () => {
    const config = "unique_key='note', upkeep='compaction'";
    await using workshop = await Workshop.of(shopWith(NOTES, config));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir, project: loadProject(changedShop({})) });
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
      await materializer.run({});
    }
    {
      await using materializer = await workshop.open({ dataDir });
      expect(await standing(materializer)).toMatchObject({ state: 'failed', rows: null });
      await workshop.publish([order(2, 'k1', 'b')]);
      await materializer.run({});
      expect(await standing(materializer)).toMatchObject({ state: 'current', behind: 0, rows: 2 });
      await workshop.publish([order(3, 'k1', 'b'), order(4, 'k1', 'a')]);
      await materializer.run({});
      expect(await standing(materializer)).toMatchObject({ state: 'failed', rows: 2 });
    }
    const byNote =
      "select note, count(*) as order_id from {{ source('web', 'orders') }} group by note having count(*) < 9";
    const project = loadProject(shopWith(byNote, "unique_key='order_id', upkeep='compaction'"));
    await using materializer = await workshop.open({ dataDir, project });
    expect(await standing(materializer)).toMatchObject({ state: 'failed', rows: 2 });
    await workshop.publish([order(5, 'k1', 'a'), order(6, 'k1', 'c')]);
    await materializer.run({});
    await workshop.publish([order(7, 'k1', 'a')]);
    await materializer.run({});
    expect(await standing(materializer)).toMatchObject({ state: 'current', behind: 0, rows: 3 });
    expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
  });

  it('does not hold up compactions that do not try it again', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note', upkeep='compaction'"));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
      await materializer.run({});
    }
    const { project, catalog } = workshop;
    const file = path.join(dataDir, 'warehouse.duckdb');
    await using edition = await Edition.open(file, { project, catalog, warehouse: { threads: 1 } });
    const { compaction } = edition;
    expect([compaction.hasFailed, await compaction.isNeeded()]).toEqual([true, false]);
    expect([compaction.besideBatches(false), compaction.besideBatches(true)]).toEqual([true, false]);
    const names = ({ models }: Awaited<ReturnType<typeof compaction.run>>): string[] => models.map(({ name }) => name);
    const without = await compaction.run(false, false);
    expect([names(without), without.failed]).toEqual([['daily_sales'], []]);
    const again = await compaction.run(false, true);
    expect([names(again), again.failed]).toMatchObject([['daily_sales'], [{ code: 'MODEL_KEY_NOT_UNIQUE' }]]);
  });

  it('is tried again after twenty times as long as it took', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const pace = new RetryPace();
      expect(pace.isDue).toBe(true);
      pace.tried(1000);
      vi.advanceTimersByTime(19_999);
      expect(pace.isDue).toBe(false);
      vi.advanceTimersByTime(2);
      expect(pace.isDue).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not asked for where it follows from the SQL', async () => {
    const checked = async (select: string, config: string): Promise<readonly string[]> => {
      const plans = await plansFor(loadProject(shopWith(select, config)));
      return plans.find(({ model }) => model === 'by_note')?.checkedKey ?? [];
    };
    expect(await checked(NOTES, "unique_key='order_id'")).toEqual([]);
    expect(await checked(NOTES, "unique_key=['note', 'order_id']")).toEqual([]);
    expect(await checked(NOTES, "unique_key='note'")).toEqual(['"note"']);
    expect(await checked(NOTES, "unique_key='note', materialized='view'")).toEqual([]);
    expect(await checked(NOTES, 'unique_key=none')).toEqual([]);
  });
});
