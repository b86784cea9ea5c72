import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { changePlanText } from '../../src/cli/change-text.ts';
import type { ProjectSource } from '../../src/materializer/changes/next-project.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { changedShop, order } from './changed-shop.ts';
import { Workshop } from './workshop.ts';

function sourceOf(dir: string): ProjectSource {
  return { dir, vars: '{}', target: { name: 'dev', schema: 'main' } };
}

/** The shop with an incremental model of these columns, and one that reads it. */
function shopWith(columns: string, onSchemaChange: string, upkeep = 'batch'): string {
  return changedShop({
    'models/marts/kept.sql': `{{ config(materialized='incremental', on_schema_change='${onSchemaChange}', upkeep='${upkeep}') }}
      select ${columns} from {{ source('web', 'orders') }}`,
    'models/marts/over_kept.sql': "select order_id from {{ ref('kept') }}",
  });
}

const BEFORE = 'order_id, note';
const AFTER = 'order_id, quantity, cast(note as varchar) || 1 as more';

/** A warehouse with two orders that the model was built from, opened again with other columns of it. */
async function reopened(workshop: Workshop, dir: string): Promise<Materializer> {
  const dataDir = path.join(workshop.dir, 'kept');
  {
    await using materializer = await workshop.open({ dataDir });
    await workshop.publish([order(1, 'k1', 'a'), order(2, 'k1', 'b')]);
    await materializer.run({});
  }
  return workshop.open({ dataDir, project: loadProject(dir), source: sourceOf(dir) });
}

const columnsOf = async (materializer: Materializer): Promise<unknown> =>
  (
    await materializer.query(
      "select string_agg(column_name, ', ' order by column_index) from duckdb_columns() where table_name = 'kept' and database_name = current_database()",
    )
  ).rows[0]?.[0];

const failing = async (materializer: Materializer): Promise<unknown[]> =>
  (await materializer.status()).models.filter(({ state }) => state === 'failed').map(({ name }) => name);

describe('on_schema_change', () => {
  it.each(['batch', 'compaction'])('fail keeps table and columns until a full refresh: %s', async (upkeep) => {
    await using workshop = await Workshop.of(shopWith(BEFORE, 'fail', upkeep));
    await using materializer = await reopened(workshop, shopWith(AFTER, 'fail', upkeep));
    expect(await failing(materializer)).toEqual(['kept', 'over_kept']);
    await workshop.publish([order(3, 'k1', 'c')]);
    const { results } = await materializer.run({});
    const outcome = (name: string): unknown => results.find((result) => result.name === name);
    expect(outcome('kept')).toMatchObject({
      status: 'error',
      message: expect.stringMatching(
        /out of sync! Source columns not in target: quantity INTEGER, more VARCHAR; Target columns not in source: note VARCHAR/,
      ) as string,
    });
    expect(outcome('over_kept')).toMatchObject({ status: 'skipped' });
    expect(outcome('fct_orders')).toMatchObject({ status: 'success' });
    expect((await materializer.query('select order_id, note from kept order by 1')).rows).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    await materializer.run(upkeep === 'batch' ? { fullRefresh: true, models: ['kept'] } : { fullRefresh: true });
    expect(await failing(materializer)).toEqual([]);
    expect((await materializer.query('select * from kept order by 1')).rows).toEqual([
      [1, 1, 'a1'],
      [2, 1, 'b1'],
      [3, 1, 'c1'],
    ]);
    await workshop.publish([order(4, 'k1', 'd')]);
    await materializer.run({});
    expect((await materializer.verify({})).status).toBe('equal');
  });

  it('fail says so in a plan, has an apply refused, and names other types', async () => {
    await using workshop = await Workshop.of(shopWith(BEFORE, 'fail'));
    const dir = shopWith('order_id::varchar as order_id, note', 'fail');
    await using materializer = await workshop.open({ source: sourceOf(dir) });
    await workshop.publish([order(1, 'k1', 'a')]);
    await materializer.run({});
    const plan = await materializer.plan({ source: sourceOf(dir) });
    expect(changePlanText(plan)).toMatch(
      /columns: order_id BIGINT -> VARCHAR\n {4}it will fail, since its on_schema_change is fail/,
    );
    await expect(materializer.apply({ source: sourceOf(dir), plan: plan.id })).rejects.toMatchObject({
      code: 'MODEL_FAILED',
      message: expect.stringContaining('New column types: order_id BIGINT -> VARCHAR') as string,
    });
    expect(await failing(materializer)).toEqual([]);
  });

  it.each([
    ['fail', 'note, order_id', 'note, order_id'],
    ['ignore', AFTER, 'order_id, quantity, more'],
    ['append_new_columns', AFTER, 'order_id, quantity, more'],
    ['sync_all_columns', AFTER, 'order_id, quantity, more'],
  ])('%s builds the table with the columns of its SELECT: %s', async (onSchemaChange, after, columns) => {
    await using workshop = await Workshop.of(shopWith(BEFORE, onSchemaChange));
    await using materializer = await reopened(workshop, shopWith(after, onSchemaChange));
    expect([await failing(materializer), await columnsOf(materializer)]).toEqual([[], columns]);
    expect((await materializer.verify({})).status).toBe('equal');
  });

  it('with another value is as good as ignore, which is a warning as in dbt', () => {
    const said = (value: string): string[] =>
      loadProject(shopWith(BEFORE, value)).warnings.filter((warning) => warning.includes('on_schema_change'));
    expect(said('append')).toEqual([
      'models/marts/kept.sql: Invalid value for on_schema_change ("append") specified, as good as ignore',
    ]);
    expect(said('fail')).toEqual([]);
  });
});
