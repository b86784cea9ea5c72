import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { changedShop, order } from './changed-shop.ts';
import { differences, SHOP, Workshop } from './workshop.ts';

/** The shop with one more model. */
function shopWith(name: string, sql: string): Promise<Workshop> {
  return Workshop.of(changedShop({ [`models/marts/${name}.sql`]: sql }));
}

async function stateOf(
  materializer: Materializer,
  model: string,
): Promise<{ state?: string; reason?: string | null; behind?: number }> {
  const status = (await materializer.status()).models.find((m) => m.name === model);
  return status === undefined ? {} : { state: status.state, reason: status.reason, behind: status.recordsBehind };
}

const NUMBERS = `select o.order_id, cast(r.note as integer) as note_number
from {{ ref('stg_orders') }} o join {{ source('web', 'orders') }} r on r.order_id = o.order_id`;

describe('a model that fails on data', () => {
  it('is left behind at its own checkpoint, holds nobody up, and is current again when the data is mended', async () => {
    await using workshop = await shopWith('note_numbers', NUMBERS);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1', '7')]);
    expect((await materializer.run({})).models.every((model) => model.status === 'success')).toBe(true);
    await workshop.publish([order(2, 'k1', 'seven'), order(3, 'k1', '9')]);
    const summary = await materializer.run({});
    expect(summary.records).toBe(2);
    expect(summary.models.filter((model) => model.status === 'error').map((model) => model.name)).toEqual([
      'note_numbers',
    ]);
    expect(await stateOf(materializer, 'note_numbers')).toMatchObject({ state: 'failed', behind: 2 });
    expect((await stateOf(materializer, 'note_numbers')).reason).toContain('seven');
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[3]]);
    expect((await materializer.query('select count(*) from note_numbers')).rows).toEqual([[1]]);
    // A full refresh would lose the rows the model still has.
    await expect(materializer.run({ fullRefresh: true })).rejects.toMatchObject({ code: 'MODEL_FAILED' });
    expect((await materializer.query('select count(*) from note_numbers')).rows).toEqual([[1]]);
    await workshop.publish([order(2, 'k1', '8')]);
    expect((await materializer.run({})).models.every((model) => model.status === 'success')).toBe(true);
    expect(await stateOf(materializer, 'note_numbers')).toMatchObject({ state: 'current', behind: 0 });
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('when it is new is left behind at open, with what reads it, and made when the data is mended', async () => {
    await using plain = await Workshop.of(SHOP);
    const dataDir = path.join(plain.dir, 'kept');
    {
      await using materializer = await plain.open({ dataDir });
      await plain.publish([order(1, 'k1', '7'), order(2, 'k1', 'seven')]);
      await materializer.run({});
    }
    await using changed = await shopWith('note_numbers', NUMBERS);
    writeFileSync(
      path.join(changed.project.dir, 'models/marts/over_numbers.sql'),
      `{{ config(materialized='view') }} select note_number from {{ ref('note_numbers') }}`,
    );
    await using again = await Workshop.of(changed.project.dir);
    const project = loadProject(changed.project.dir);
    await using materializer = await again.open({ dataDir, log: plain.log, project });
    expect(await stateOf(materializer, 'note_numbers')).toMatchObject({ state: 'failed' });
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[2]]);
    await plain.publish([order(3, 'k1', '9')]);
    const summary = await materializer.run({});
    expect(summary.models.filter((model) => model.status === 'error').map((model) => model.name)).toEqual([
      'note_numbers',
    ]);
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[3]]);
    await plain.publish([order(2, 'k1', '8')]);
    await materializer.run({});
    expect(await stateOf(materializer, 'note_numbers')).toMatchObject({ state: 'current', behind: 0 });
    expect((await materializer.query('select count(*) from over_numbers')).rows).toEqual([[3]]);
    expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
  });

  it('and SQL that does not bind ends a start where a failure is to stop all, with the file and what DuckDB says', async () => {
    await using workshop = await shopWith('broken', `select no_such_column from {{ ref('stg_orders') }}`);
    await expect(workshop.open({ onModelFailure: 'stop' })).rejects.toMatchObject({
      code: 'MODEL_SQL_INVALID',
      place: 'models/marts/broken.sql',
      // the line as it is written, with the caret below its place
      message: expect.stringMatching(/\n\nLINE 1: select no_such_column from .*\n {15}\^/),
    });
  });
});

describe('a model that is required to be incremental, and is not', () => {
  it('ends a start, with what else is refused', async () => {
    await using workshop = await shopWith(
      'latest',
      `{{ config(incremental='required') }}select order_id from {{ ref('stg_orders') }} limit 10`,
    );
    await expect(workshop.open()).rejects.toMatchObject({
      code: 'MODEL_NOT_INCREMENTAL',
      place: 'models/marts/latest.sql',
      hint: expect.stringContaining('lens explain latest has the whole plan'),
    });
  });
});

describe('a model that cannot be built', () => {
  const over = `select order_id from {{ ref('numbers') }}`;

  it.each([
    ['by its SQL', `select no_such_column from {{ ref('stg_orders') }}`, 'Runtime Error', 'MODEL_SQL_INVALID'],
    [
      'by its template',
      `{% if execute %}{{ exceptions.raise_compiler_error('no way') }}{% endif %} select 1 as order_id`,
      'Compilation Error',
      'MODEL_RENDER_FAILED',
    ],
    [
      'by its contract',
      `select order_id::varchar as order_id from {{ ref('stg_orders') }}`,
      'Compilation Error',
      'MODEL_CONTRACT_BROKEN',
    ],
    [
      'by what it follows beside its records',
      `select order_id from {{ ref('stg_orders') }} where now() is not null`,
      'Runtime Error',
      'MODEL_NONDETERMINISTIC',
    ],
  ])('%s is an error of a run, holds nobody else up, and is made when it is mended', async (_, wrong, kind, code) => {
    const good = `select order_id from {{ ref('stg_orders') }}`;
    const files = {
      'models/marts/over_numbers.sql': over,
      'models/marts/numbers.yml':
        'models: [{name: numbers, config: {contract: {enforced: true}}, columns: [{name: order_id, data_type: bigint}]}]',
    };
    const shop = (sql: string): Promise<Workshop> =>
      Workshop.of(changedShop({ ...files, 'models/marts/numbers.sql': sql }));
    await using plain = await shop(good);
    const dataDir = path.join(plain.dir, 'kept');
    {
      await using materializer = await plain.open({ dataDir });
      await plain.publish([order(1, 'k1')]);
      await materializer.run({});
    }
    {
      await using changed = await shop(wrong);
      await using materializer = await changed.open({ dataDir, log: plain.log });
      expect(changed.events.find((event) => event.kind === 'model-failed')).toMatchObject({ model: 'numbers' });
      await plain.publish([order(2, 'k1')]);
      const { models, results } = await materializer.run({});
      expect(models.filter(({ status }) => status !== 'success').map(({ name, status }) => [name, status])).toEqual([
        ['numbers', 'error'],
        ['over_numbers', 'skipped'],
      ]);
      const failed = results.find(({ status }) => status === 'error');
      expect(failed?.message?.split('\n')[0]).toBe(`${kind} in model numbers (models/marts/numbers.sql)`);
      expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[2]]);
      expect((await materializer.query('select count(*) from over_numbers')).rows).toEqual([[1]]);
      const { state, waiting } = await materializer.status();
      expect([state, waiting.map(({ name, faulty }) => [name, faulty])]).toEqual([
        'failed',
        [
          ['numbers', true],
          ['over_numbers', false],
        ],
      ]);
      // its rows would be lost
      await expect(materializer.run({ fullRefresh: true })).rejects.toMatchObject({ code });
    }
    await using materializer = await plain.open({ dataDir });
    expect((await materializer.query('select count(*) from over_numbers')).rows).toEqual([[2]]);
    expect(await differences(materializer, plain.project, ['batch', 'compaction'])).toEqual([]);
  });
});

describe('a model that is not one SELECT', () => {
  const view = `{{ config(materialized='view') }}`;
  it.each([
    ['a second statement in a view', `${view}select 1 as id; drop table if exists main.kept`, /2 statements/],
    ['a second statement in a table', 'select 1 as order_id; drop table if exists main.kept', /2 statements/],
    ['one behind brackets', 'select 1 as a) t; drop table main.kept; select * from (select 1', /syntax error/],
    ['another statement', `${view}drop table if exists main.kept`, /another kind of statement/],
    ['a semicolon at the end', `${view}select 1 as id; -- the end`, /ends with a semicolon/],
    ['nothing but a comment', `${view}-- select 1`, /empty/],
  ])('is an error, and nothing of it runs: %s', async (_, sql, message) => {
    await using plain = await Workshop.of(SHOP);
    const dataDir = path.join(plain.dir, 'kept');
    {
      await using materializer = await plain.open({ dataDir });
      await plain.publish([order(1, 'k1')]);
      await materializer.run({});
    }
    const file = path.join(dataDir, 'warehouse.duckdb');
    {
      await using warehouse = await Warehouse.open(file);
      using connection = await warehouse.connect();
      await connection.run('create table main.kept as select 1 as a');
    }
    await using changed = await shopWith('second', sql);
    {
      await using materializer = await changed.open({ dataDir, log: plain.log });
      const failed = (await materializer.run({})).models.filter(({ status }) => status !== 'success');
      expect(failed).toMatchObject([{ name: 'second', status: 'error', message: expect.stringMatching(message) }]);
      expect(failed[0]?.message).toMatch(/^models\/marts\/second\.sql: /);
    }
    await using warehouse = await Warehouse.open(file);
    using connection = await warehouse.connect();
    expect(await connection.number('select count(*) from main.kept')).toBe(1);
  });
});

describe('a project that changes', () => {
  it('has new and changed models, and those that read them, built over what has landed', async () => {
    await using plain = await Workshop.of(SHOP);
    const dataDir = path.join(plain.dir, 'kept');
    {
      await using materializer = await plain.open({ dataDir });
      await plain.publish([order(1, 'k1'), order(2, 'k2')]);
      await materializer.run({});
    }
    await using changed = await shopWith('order_ids', `select order_id from {{ ref('stg_orders') }}`);
    await using materializer = await changed.open({ dataDir, log: plain.log });
    expect((await materializer.query('select count(*) from order_ids')).rows).toEqual([[2]]);
    await plain.publish([order(3, 'k1')]);
    await materializer.run({});
    expect(await differences(materializer, changed.project, ['batch', 'compaction'])).toEqual([]);
    expect((await materializer.query('select count(*) from order_ids')).rows).toEqual([[3]]);
  });
});

describe('a raw table that is gone', () => {
  it('is landed again from the earliest offset, and the models that read it follow', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using materializer = await workshop.open({ dataDir });
      await workshop.publish([order(1, 'k1'), order(2, 'k2')]);
      await materializer.run({});
    }
    {
      await using warehouse = await Warehouse.open(path.join(dataDir, 'warehouse.duckdb'));
      using connection = await warehouse.connect();
      await connection.run('drop table raw_orders cascade');
    }
    await workshop.publish([order(3, 'k1')]);
    await using materializer = await workshop.open({ dataDir });
    expect(workshop.events).toContainEqual({
      kind: 'notice',
      message: 'raw_orders was not there: topic orders is landed again from its earliest offset',
    });
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[0]]);
    expect((await materializer.run({})).records).toBe(3);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[3]]);
  });
});

describe('a log that does not fit the checkpoint', () => {
  it('made anew under the same name is refused, also by a full refresh, until data loss is allowed', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish([order(1, 'k1')]);
    await materializer.run({});
    const spec = workshop.catalog.contract('orders');
    await workshop.log.deleteTopic('orders');
    await workshop.log.createTopic({ name: 'orders', partitions: spec.partitions, settings: spec.settings });
    await workshop.publish([order(2, 'k1'), order(3, 'k1')]);
    await expect(materializer.run({})).rejects.toMatchObject({ code: 'LOG_TOPIC_RECREATED', place: 'orders' });
    await expect(materializer.run({ fullRefresh: true })).rejects.toMatchObject({ code: 'LOG_HISTORY_GONE' });
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[1]]);
    await materializer.run({ fullRefresh: true, allowDataLoss: true });
    expect((await materializer.query('select order_id from fct_orders order by 1')).rows).toEqual([[2], [3]]);
  });

  it('truncated under us is refused with the numbers', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    await workshop.publish(Array.from({ length: 30 }, (_, i) => order(i, 'k1')));
    await materializer.run({});
    await workshop.publish(Array.from({ length: 30 }, (_, i) => order(i + 100, 'k1')));
    const [first] = await workshop.log.offsets(['orders']);
    await workshop.embedded.deleteRecordsBefore('orders', 0, first?.end ?? 0);
    await expect(materializer.run({})).rejects.toMatchObject({
      code: 'LOG_OFFSET_OUT_OF_RANGE',
      message: expect.stringMatching(/\d+/),
    });
  });
});

describe('a second writer', () => {
  it('on the same warehouse is refused', async () => {
    await using workshop = await Workshop.of(SHOP);
    const dataDir = path.join(workshop.dir, 'one');
    await using first = await workshop.open({ dataDir });
    await expect(workshop.open({ dataDir })).rejects.toMatchObject({ code: 'WAREHOUSE_LOCKED' });
    await first.run({});
  });
});

describe('while it follows', () => {
  it('a run waits for the records of its start, and a full refresh swaps under it', async () => {
    await using workshop = await Workshop.of(SHOP);
    await using materializer = await workshop.open();
    const stop = new AbortController();
    const following = materializer.follow(stop.signal);
    await workshop.publish([order(1, 'k1'), order(2, 'k1')]);
    expect((await materializer.run({})).records).toBe(2);
    await workshop.publish([order(3, 'k1')]);
    await materializer.run({ fullRefresh: true });
    expect((await materializer.query('select count(*) from daily_sales')).rows).toEqual([[1]]);
    await workshop.publish([order(4, 'k1'), order(1, 'k9')]);
    await materializer.run({});
    expect((await materializer.query('select count(*) from fct_orders')).rows).toEqual([[4]]);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
    expect(workshop.events.some((event) => event.kind === 'swap')).toBe(true);
    stop.abort();
    await following;
  });
});
