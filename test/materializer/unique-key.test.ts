import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
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

describe('a unique_key that is not unique', () => {
  it.each([
    ['rows redone by another key', NOTES],
    ['rows redone by the key itself', NOTES_ALONE],
  ])('stops the batch at the last commit, and the batch goes through once it is mended: %s', async (_, select) => {
    await using workshop = await Workshop.of(shopWith(select, "unique_key='note'"));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', 'a'), order(4, 'k1', 'c')]);
    const error = await failure(materializer.run({}));
    expect(error).toMatchObject({
      code: 'MODEL_KEY_NOT_UNIQUE',
      place: 'by_note',
      message: 'the unique_key (note) of model by_note is not unique: note = "a" in 2 rows',
      hint: expect.stringContaining('partition by note') as string,
      fields: { model: 'by_note', key: ['note'], examples: [{ key: ['"a"'], rows: 2 }] },
    });
    expect(await rows(materializer, APPLIED)).toEqual([[2, 2]]);
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[2]]);
    expect(await rows(materializer, "select state from lens.models where name = 'by_note'")).toEqual([['current']]);
    // What corrects it comes into the same batch.
    await workshop.publish([order(3, 'k1', 'd')]);
    await materializer.run({});
    expect(await rows(materializer, APPLIED)).toEqual([[5, 4]]);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('lets the same batch through when the model is changed', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note'"));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1', 'a')]);
      await materializer.run({});
      await workshop.publish([order(2, 'k1', 'a')]);
      expect((await failure(materializer.run({}))).code).toBe('MODEL_KEY_NOT_UNIQUE');
    }
    const project = loadProject(shopWith(NOTES, "unique_key=['note', 'order_id']"));
    await using materializer = await workshop.open({ dataDir, project });
    await materializer.run({});
    expect(await rows(materializer, 'select note, order_id from by_note order by all')).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
  });

  it('takes nulls as values, names several columns, and shows at most five keys', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES_ALONE, "unique_key=['Note', 'quantity']"));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1'), order(2, 'k1'), order(3, 'k1', 'a')]);
    expect((await failure(materializer.run({}))).message).toBe(
      'the unique_key (note, quantity) of model by_note is not unique: note = null, quantity = 1 in 2 rows',
    );
    const many = Array.from({ length: 14 }, (_, at) => order(10 + at, 'k1', `n${at % 7}`));
    await workshop.publish([order(2, 'k1', 'b'), ...many]);
    const { message } = await failure(materializer.run({}));
    expect(message.match(/in 2 rows/g)).toHaveLength(5);
    expect(message).toMatch(/; and 2 more$/);
  });

  it('may be SQL over the columns, as in dbt', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='lower(note)'"));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', 'A')]);
    expect((await failure(materializer.run({}))).message).toContain('(lower(note)) = "a" in 2 rows');
  });

  it('leaves the warehouse as it was when a new model is built', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='order_id'"));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
      await materializer.run({});
    }
    const changed = loadProject(shopWith(NOTES, "unique_key='note'"));
    expect((await failure(workshop.open({ dataDir, project: changed }))).code).toBe('MODEL_KEY_NOT_UNIQUE');
    await using materializer = await workshop.open({ dataDir });
    expect(await rows(materializer, 'select count(*) from by_note')).toEqual([[2]]);
  });

  it('stops compaction, and a service with it', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note', upkeep='compaction'"));
    await using materializer = await workshop.open({ compaction: { intervalSeconds: 0.05 } });
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a')]);
    expect((await failure(materializer.run({}))).code).toBe('MODEL_KEY_NOT_UNIQUE');
    expect(await rows(materializer, APPLIED)).toEqual([[2, 2]]);
    expect(await rows(materializer, 'select count(*) from by_note')).toEqual([[0]]);
    expect((await failure(materializer.follow(new AbortController().signal))).code).toBe('MODEL_KEY_NOT_UNIQUE');
    await workshop.publish([order(2, 'k1', 'b')]);
    await materializer.run({});
    expect(await rows(materializer, 'select count(*) from by_note')).toEqual([[2]]);
  });

  it('found after landing in bulk is mended by a full refresh', async () => {
    await using workshop = await Workshop.of(shopWith(NOTES, "unique_key='note'"));
    await using materializer = await workshop.open({ bulk: { lagRecords: 1 } });
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'a'), order(3, 'k1', 'b')]);
    expect((await failure(materializer.run({}))).code).toBe('MODEL_KEY_NOT_UNIQUE');
    expect(await rows(materializer, 'select count(*) from by_note')).toEqual([[0]]);
    await workshop.publish([order(2, 'k1', 'c')]);
    await materializer.run({ fullRefresh: true });
    expect(await rows(materializer, 'select count(*) from by_note')).toEqual([[3]]);
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
