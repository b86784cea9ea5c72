import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { Random } from '../../src/core/random.ts';
import { projectFolder } from '../project/project-folder.ts';
import { contents, differences, Workshop } from './workshop.ts';

const SCHEMA = (fields: readonly object[], name: string): string => JSON.stringify({ type: 'record', name, fields });

/** Orders and customers, with gates as the parts of the yml say. */
function folder(gates: {
  source?: string;
  model?: string;
  totals?: string;
  project?: string;
  singular?: string;
}): string {
  return projectFolder({
    'dbt_project.yml': `name: gated\n${gates.project ?? ''}`,
    'topics/orders/topic.yml': 'table: orders\nkey: order_id\npartitions: 2\nmode: upsert\n',
    'topics/orders/1.avsc': SCHEMA(
      [
        { name: 'order_id', type: 'long' },
        { name: 'customer', type: ['null', 'string'], default: null },
        { name: 'status', type: 'string' },
        { name: 'amount', type: 'long' },
      ],
      'orders',
    ),
    'topics/customers/topic.yml': 'table: customers\nkey: customer\npartitions: 1\nmode: upsert\n',
    'topics/customers/1.avsc': SCHEMA(
      [
        { name: 'customer', type: 'string' },
        { name: 'mail', type: ['null', 'string'], default: null },
      ],
      'customers',
    ),
    'topics/manifest.json': JSON.stringify({
      '1': { topic: 'orders', version: 1 },
      '2': { topic: 'customers', version: 1 },
    }),
    'models/web.yml': `
sources:
  - name: web
    schema: main
    tables: [{name: orders, columns: ${gates.source ?? '[]'}}, {name: customers}]
models:
  - {name: stg_orders, columns: ${gates.source ?? '[]'}}
  - {name: fct_orders, columns: ${gates.model ?? '[]'}}
${gates.totals === undefined ? '' : `  - {name: totals, columns: ${gates.totals}}`}
`,
    'models/stg_orders.sql': "select *, trim(status) as clean from {{ source('web', 'orders') }}",
    'models/fct_orders.sql': `{{ config(materialized='table') }}
select o.order_id, o.customer, o.status, o.amount, c.mail
from {{ ref('stg_orders') }} o left join {{ source('web', 'customers') }} c on c.customer = o.customer`,
    ...(gates.totals === undefined
      ? {}
      : {
          'models/totals.sql': `{{ config(materialized='table', upkeep='compaction') }}
select customer, sum(amount)::bigint as amount from {{ ref('fct_orders') }} group by customer`,
        }),
    ...(gates.singular === undefined ? {} : { 'tests/singular.sql': gates.singular }),
  });
}

const order = (id: number, fields: { customer?: string | null; status?: string; amount?: number } = {}) => ({
  topic: 'orders',
  key: id,
  value: { order_id: id, customer: 'a', status: 'paid', amount: 1, ...fields },
});
const customer = (name: string, mail: string | null = null) => ({
  topic: 'customers',
  key: name,
  value: { customer: name, mail },
});

async function letters(materializer: Materializer): Promise<(readonly unknown[])[]> {
  const { rows } = await materializer.query(
    "select topic, decode(key) as key, reason from lens.dead_letters where reason_code = 'gate_failed' order by all",
  );
  return rows;
}

async function ids(materializer: Materializer): Promise<unknown[]> {
  return (await materializer.query('select order_id from fct_orders order by 1')).rows.map(([id]) => id);
}

const GATE = 'config: {gate: true}';
const STATUS = `[{name: status, data_tests: [{accepted_values: {arguments: {values: [paid, open]}, ${GATE}}}]}]`;
const PRESENT = `[{name: customer, data_tests: [{not_null: {${GATE}}}]}]`;
const UNIQUE = `[{name: mail, data_tests: [{unique: {${GATE}}}]}]`;
const CHILD = `[{name: customer, data_tests: [{relationships: {arguments: {to: "source('web', 'customers')", field: customer}, ${GATE}}}]}]`;

/** What is published before a run is one batch, also on a machine that stops for a while. */
const ONE_BATCH = { batch: { maxRecords: 1000, maxMilliseconds: 10_000 } };

describe('a data test with gate: true', () => {
  it('holds the bad records of a batch back as dead letters, and the others land', async () => {
    await using workshop = await Workshop.of(folder({ source: STATUS }));
    await using materializer = await workshop.open(ONE_BATCH);
    await workshop.publish([order(1), order(2, { status: 'lost' }), order(3), order(4, { status: 'lost' })]);
    expect(await materializer.run({})).toMatchObject({ records: 4, deadLetters: 2 });
    expect(await ids(materializer)).toEqual([1, 3]);
    const held = await letters(materializer);
    expect(held.map(([topic, key]) => [topic, key])).toEqual([
      ['orders', '2'],
      ['orders', '4'],
    ]);
    expect(held[0]?.[2]).toContain(
      'data test source_accepted_values_web_orders_status__paid__open fails for value_field = "lost" (orders [2])',
    );
    expect(workshop.events).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('holds 2 records back') }),
    );
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('keeps the last good version of a key, and counts only the version that would be seen', async () => {
    await using workshop = await Workshop.of(folder({ source: STATUS }));
    await using materializer = await workshop.open(ONE_BATCH);
    await workshop.publish([
      order(1, { amount: 10 }),
      order(1, { amount: 11, status: 'lost' }),
      order(2, { status: 'lost' }),
      order(2, { amount: 20 }),
      order(3, { status: 'lost' }),
      order(3, { status: 'gone' }),
      { topic: 'orders', garbage: 'AAEC' },
    ]);
    expect(await materializer.run({})).toMatchObject({ records: 7, deadLetters: 4 });
    expect((await materializer.query('select order_id, amount from fct_orders order by 1')).rows).toEqual([
      [1, 10],
      [2, 20],
    ]);
    expect((await letters(materializer)).map(([, key]) => key)).toEqual(['1', '3', '3']);
    expect((await materializer.query('select count(*) from lens.dead_letters')).rows).toEqual([[4]]);
  });

  it('of a folded model is asked after the fold, for the touched keys', async () => {
    await using workshop = await Workshop.of(folder({ model: PRESENT }));
    await using materializer = await workshop.open();
    await workshop.publish([1, 2, 3, 4, 5, 6, 7].map((id) => order(id, id % 3 === 0 ? { customer: null } : {})));
    await materializer.run({});
    expect(await ids(materializer)).toEqual([1, 2, 4, 5, 7]);
    expect((await letters(materializer)).map(([, key]) => key)).toEqual(['3', '6']);
    await workshop.publish([order(4, { customer: null }), order(3, { amount: 5 })]);
    await materializer.run({});
    expect(await ids(materializer)).toEqual([1, 2, 3, 4, 5, 7]);
    expect((await letters(materializer)).map(([, key]) => key)).toEqual(['3', '4', '6']);
  });

  it('holds back what fails together with records before it, in a batch and between batches', async () => {
    await using workshop = await Workshop.of(folder({ model: UNIQUE }));
    await using materializer = await workshop.open();
    // the mail is unique in the orders: one order a customer
    await workshop.publish([customer('a', 'a@x'), customer('b', 'b@x'), customer('c', 'c@x')]);
    await materializer.run({});
    await workshop.publish([order(1), order(2, { customer: 'b' }), order(3)]);
    await materializer.run({});
    expect(await ids(materializer)).toHaveLength(2);
    await workshop.publish([order(4, { customer: 'b' }), order(5, { customer: 'c' })]);
    await materializer.run({});
    expect(await ids(materializer)).toContain(5);
    expect(await ids(materializer)).not.toContain(4);
    expect(await letters(materializer)).toHaveLength(2);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  });

  it('lets a child land with its parent, also where another record of their batch is bad', async () => {
    await using workshop = await Workshop.of(
      folder({
        source: CHILD,
        model: `[{name: status, data_tests: [{not_null: {${GATE}}}, {accepted_values: {arguments: {values: [paid]}, ${GATE}}}]}]`,
      }),
    );
    await using materializer = await workshop.open();
    await workshop.publish([order(1), order(2, { status: 'lost' }), order(3, { customer: 'nobody' }), customer('a')]);
    await materializer.run({});
    expect(await ids(materializer)).toEqual([1]);
    expect((await letters(materializer)).map(([, key]) => key)).toEqual(['2', '3']);
    // a parent that is deleted under its child stays
    await workshop.publish([{ topic: 'customers', key: 'a', value: null }, order(4)]);
    await materializer.run({});
    expect(await ids(materializer)).toEqual([1, 4]);
    expect(await letters(materializer)).toContainEqual(['customers', 'a', expect.stringContaining('from_field = "a"')]);
  });

  it('that counts all rows is run whole; a warning stops nothing', async () => {
    const singular = "{{ config(gate=true) }} select count(*) as n from {{ ref('fct_orders') }} having count(*) > 3";
    const counted = `[{name: status, data_tests: [{accepted_values: {arguments: {values: [paid]}, config: {gate: true, error_if: '> 1'}}}]},
      {name: customer, data_tests: [{not_null: {config: {gate: true, severity: warn}}}]}]`;
    await using workshop = await Workshop.of(folder({ model: counted, singular }));
    await using materializer = await workshop.open();
    await workshop.publish([order(1, { status: 'lost' }), order(2, { customer: null })]);
    await materializer.run({});
    await workshop.publish([order(3, { status: 'gone' }), order(4), order(5), order(6)]);
    await materializer.run({});
    expect(await ids(materializer)).toHaveLength(3);
    expect(await ids(materializer)).not.toContain(3);
    expect(await letters(materializer)).toHaveLength(3);
  });

  it('of a model kept by compaction has it fail, with its last good rows, until the data is mended', async () => {
    await using workshop = await Workshop.of(
      folder({
        totals: `[{name: amount, data_tests: [{accepted_values: {arguments: {values: [1, 2, 3], quote: false}, ${GATE}}}]}]`,
      }),
    );
    await using materializer = await workshop.open();
    await workshop.publish([order(1), order(2)]);
    await materializer.run({});
    await workshop.publish([order(3, { amount: 7 })]);
    const summary = await materializer.run({});
    expect(summary).toMatchObject({ deadLetters: 0 });
    expect(summary.models.find(({ name }) => name === 'totals')).toMatchObject({ status: 'error' });
    expect((await materializer.query('select * from totals')).rows).toEqual([['a', 2]]);
    const failed = (await materializer.status()).models.find(({ name }) => name === 'totals');
    expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('fails for value_field = 9') });
    await workshop.publish([order(3, { amount: 1 })]);
    await materializer.run({});
    expect((await materializer.query('select * from totals')).rows).toEqual([['a', 3]]);
  });

  it('is asked in bulk where it reads raw tables alone; with one of a folded model, batches are folded', async () => {
    for (const [gates, mode] of [
      [{ source: STATUS }, 'bulk'],
      [{ model: STATUS }, 'fold'],
    ] as const) {
      await using workshop = await Workshop.of(folder(gates));
      await using materializer = await workshop.open({ bulk: { lagRecords: 0 } });
      await workshop.publish([1, 2, 3, 4, 5].map((id) => order(id, id === 3 ? { status: 'lost' } : {})));
      await materializer.run({});
      expect(workshop.events).toContainEqual(expect.objectContaining({ kind: 'batch', mode }));
      expect(await ids(materializer)).toEqual([1, 2, 4, 5]);
      expect(await letters(materializer)).toHaveLength(1);
    }
  });

  it('decides once: replays come to the same tables and dead letters, however batches were cut', async () => {
    await using workshop = await Workshop.of(folder({ source: STATUS, model: UNIQUE }));
    const random = new Random(7);
    const happenings = Array.from({ length: 60 }, () => {
      const name = `c${Math.floor(random.float() * 12)}`;
      if (random.float() < 0.4) return customer(name, random.float() < 0.7 ? `${name}@x` : null);
      return order(Math.floor(random.float() * 25), { customer: name, status: random.float() < 0.2 ? 'lost' : 'paid' });
    });
    const dataDir = path.join(workshop.dir, 'kept');
    await using materializer = await workshop.open({ dataDir, batch: { maxRecords: 7, maxMilliseconds: 50 } });
    for (let from = 0; from < happenings.length; from += 20) {
      await workshop.publish(happenings.slice(from, from + 20));
      await materializer.run({});
    }
    const before = await contents(materializer);
    const held = await letters(materializer);
    expect(held.length).toBeGreaterThan(3);
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
    const verified = await materializer.verify({ from: 'log', chaos: { replays: 1, seed: 5 } });
    expect(verified.tables.filter(({ status }) => status !== 'equal')).toEqual([]);
    expect(verified.replays.map(({ status }) => status)).toEqual(['equal']);
    await materializer.run({ fullRefresh: true });
    expect(await contents(materializer)).toEqual(before);
    expect(await letters(materializer)).toEqual(held);
  });

  it('that fails already holds back what makes it worse, and lets corrections land', async () => {
    await using workshop = await Workshop.of(folder({}));
    const dataDir = path.join(workshop.dir, 'kept');
    {
      await using ungated = await workshop.open({ dataDir });
      await workshop.publish([1, 2, 3].map((id) => order(id, { customer: null, status: 'lost' })));
      await ungated.run({});
    }
    const project = loadProject(folder({ source: STATUS, model: PRESENT }));
    await using materializer = await workshop.open({ dataDir, project });
    await workshop.publish([order(1), order(4, { customer: null }), order(5, { status: 'gone' }), order(6)]);
    await materializer.run({});
    expect(await ids(materializer)).toEqual([1, 2, 3, 6]);
    expect((await letters(materializer)).map(([, key]) => key)).toEqual(['4', '5']);
    expect(workshop.events).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('fails on rows that landed before') }),
    );
  });
});
