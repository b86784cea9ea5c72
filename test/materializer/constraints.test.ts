import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { changedShop, order } from './changed-shop.ts';
import { differences, Workshop } from './workshop.ts';

/** The shop with a model of an enforced contract. */
function shopWith(constraints: { note?: string; model?: string }, upkeep = 'batch'): string {
  const { note = '', model = '' } = constraints;
  return changedShop({
    'models/marts/promised.sql': `{{ config(materialized='table', upkeep='${upkeep}') }}
      select order_id, note, quantity from {{ source('web', 'orders') }}`,
    'models/marts/promised.yml': `
models:
  - name: promised
    config: { contract: { enforced: true } }
    constraints: [${model}]
    columns:
      - { name: order_id, data_type: bigint }
      - { name: note, data_type: varchar, constraints: [${note}] }
      - { name: quantity, data_type: integer }
`,
  });
}

const rows = async (materializer: Materializer, sql: string): Promise<unknown> => (await materializer.query(sql)).rows;

const APPLIED = 'select sum(next_offset - first_offset)::integer from lens.checkpoint';

describe('a constraint of an enforced contract', () => {
  it.each([
    [{ note: '{ type: not_null }' }, null, 'not_null (note)'],
    [
      { note: `{ type: check, name: short, expression: "length(note) < 3" }` },
      'long',
      'check short (length(note) < 3)',
    ],
    [
      { model: `{ type: check, expression: "note <> 'x' or quantity > 1" }` },
      'x',
      "check (note <> 'x' or quantity > 1)",
    ],
    [{ note: '{ type: unique }' }, 'a', 'unique (note)'],
    [{ model: '{ type: primary_key, columns: [note] }' }, null, 'primary_key (note)'],
    [{ model: '{ type: primary_key, columns: [NOTE, quantity] }' }, 'a', 'primary_key (note, quantity)'],
  ])('stops the batch at the last commit: %j', async (constraints, note, text) => {
    await using workshop = await Workshop.of(shopWith(constraints));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', note)]);
    await expect(materializer.run({})).rejects.toMatchObject({
      code: 'MODEL_CONSTRAINT_BROKEN',
      place: 'promised',
      message: expect.stringContaining(
        `the constraint ${text} of model promised is broken: {"order_id":${note === 'a' ? 1 : 3},"note":${JSON.stringify(note)}`,
      ) as string,
    });
    expect(await rows(materializer, APPLIED)).toEqual([[2]]);
    expect(await rows(materializer, 'select count(*) from promised')).toEqual([[2]]);
    await workshop.publish([order(3, 'k1', 'd')]);
    await materializer.run({});
    expect(await rows(materializer, 'select order_id, note from promised order by 1')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'd'],
    ]);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('takes nulls as DuckDB does: no check fails by them, and none equals another', async () => {
    const constraints = { note: '{ type: unique }, { type: check, expression: "length(note) < 3" }' };
    await using workshop = await Workshop.of(shopWith(constraints));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', null), order(2, 'k1', null)]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', null)]);
    await materializer.run({});
    expect(await rows(materializer, 'select count(*) from promised')).toEqual([[3]]);
  });

  it('is kept by compaction and by a rebuild', async () => {
    await using workshop = await Workshop.of(shopWith({ note: '{ type: not_null }' }, 'compaction'));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a')]);
    await materializer.run({});
    await workshop.publish([order(2, 'k1', null)]);
    await expect(materializer.run({})).rejects.toMatchObject({ code: 'MODEL_CONSTRAINT_BROKEN' });
    expect(await rows(materializer, 'select count(*) from promised')).toEqual([[1]]);
    await expect(materializer.compact({ full: true })).rejects.toMatchObject({ code: 'MODEL_CONSTRAINT_BROKEN' });
  });

  it('that is new is one for the rows that are there: the table is built anew, which is said, or refused', async () => {
    await using workshop = await Workshop.of(shopWith({}));
    const dataDir = path.join(workshop.dir, 'data');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'abc')]);
      await materializer.run({});
    }
    const open = (note: string): Promise<Materializer> =>
      workshop.open({ dataDir, project: loadProject(shopWith({ note })) });
    await expect(open('{ type: check, expression: "length(note) < 3" }')).rejects.toMatchObject({
      code: 'MODEL_CONSTRAINT_BROKEN',
    });
    await using materializer = await open('{ type: not_null }');
    expect(workshop.events.map((event) => (event.kind === 'notice' ? event.message : ''))).toContainEqual(
      expect.stringMatching(/promised.*constraints/),
    );
    expect(await rows(materializer, 'select count(*) from promised')).toEqual([[2]]);
  });

  it.each([
    [{ model: '{ type: primary_key, columns: [nothing] }' }, /constraint on nothing, which is none of its columns/],
    [{ model: '{ type: check, expression: "nothing > 1" }' }, /check that cannot be made: nothing > 1/],
  ])('that means nothing is an error: %j', async (constraints, message) => {
    await using workshop = await Workshop.of(shopWith(constraints));
    await expect(workshop.open()).rejects.toMatchObject({
      code: 'PROJECT_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });
});
