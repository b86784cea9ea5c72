import { writeFileSync } from 'node:fs';
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

const failedOf = async (materializer: Materializer): Promise<string[]> =>
  (await materializer.status()).models.filter(({ state }) => state === 'failed').map(({ name }) => name);

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
  ])('keeps the rows of the last commit until a record mends it: %j', async (constraints, note, text) => {
    await using workshop = await Workshop.of(shopWith(constraints));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
    await workshop.publish([order(3, 'k1', note)]);
    const { results } = await materializer.run({});
    expect(results.filter(({ status }) => status !== 'success')).toMatchObject([
      {
        name: 'promised',
        status: 'error',
        message: expect.stringContaining(
          `the constraint ${text} of model promised is broken: {"order_id":${note === 'a' ? 1 : 3},"note":${JSON.stringify(note)}`,
        ) as string,
      },
    ]);
    expect(await rows(materializer, APPLIED)).toEqual([[3]]);
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[3]]);
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
    await materializer.run({});
    expect(await failedOf(materializer)).toEqual(['promised']);
    expect(await rows(materializer, 'select count(*) from promised')).toEqual([[1]]);
    const { failed } = await materializer.compact({ full: true });
    expect(failed).toMatchObject([{ name: 'promised', message: expect.stringContaining('not_null (note)') as string }]);
    expect(await rows(materializer, 'select count(*) from promised')).toEqual([[1]]);
  });

  it.each(['batch', 'compaction'])(
    'is asked for after gates, which hold the record back instead: %s',
    async (upkeep) => {
      const dir = shopWith({ note: '{ type: not_null }' }, upkeep);
      writeFileSync(
        path.join(dir, 'tests/noted.sql'),
        `{{ config(gate=true) }} select order_id from {{ ${upkeep === 'batch' ? "ref('promised')" : "source('web', 'orders')"} }} where note is null`,
      );
      await using workshop = await Workshop.of(dir);
      await using materializer = await workshop.open();
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', null), order(3, 'k1', 'b')]);
      await materializer.run({});
      expect(await failedOf(materializer)).toEqual([]);
      expect(await rows(materializer, 'select order_id from promised order by 1')).toEqual([[1], [3]]);
      expect(await rows(materializer, 'select decode(key), reason_code from lens.dead_letters')).toEqual([
        ['2', 'gate_failed'],
      ]);
      expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
    },
  );

  it('that no gate is about leaves its model all the same', async () => {
    const dir = shopWith({ note: '{ type: not_null }' });
    writeFileSync(
      path.join(dir, 'tests/few.sql'),
      "{{ config(gate=true) }} select order_id from {{ ref('promised') }} where quantity > 100",
    );
    await using workshop = await Workshop.of(dir);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', null)]);
    await materializer.run({});
    expect(await failedOf(materializer)).toEqual(['promised']);
    expect(await rows(materializer, 'select count(*) from fct_orders')).toEqual([[1]]);
    expect(await rows(materializer, 'select count(*) from lens.dead_letters')).toEqual([[0]]);
  });

  it('that is new is one for the rows that are there: the table is built anew, which is said, or keeps its rows and fails', async () => {
    await using workshop = await Workshop.of(shopWith({}));
    const dataDir = path.join(workshop.dir, 'data');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'abc')]);
      await materializer.run({});
    }
    const open = (note: string): Promise<Materializer> =>
      workshop.open({ dataDir, project: loadProject(shopWith({ note })) });
    {
      await using materializer = await open('{ type: check, expression: "length(note) < 3" }');
      expect(await failedOf(materializer)).toEqual(['promised']);
    }
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
