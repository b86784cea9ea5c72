import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { ASKING, askingProject, askingShop } from './asking-shop.ts';
import { changedShop, customer, order } from './changed-shop.ts';
import type { Happening } from './random-history.ts';
import { contents, Workshop } from './workshop.ts';

const dir = askingShop();
let project: Project;
beforeAll(async () => {
  project = await askingProject(dir);
});

const STATUSES = ['paid', 'lost', 'new', 'back'];

/** What happens: customers of some countries, orders in some states, and what is deleted again. */
const HAPPENING: fc.Arbitrary<Happening> = fc.oneof(
  fc
    .record({
      id: fc.integer({ min: 1, max: 12 }),
      who: fc.constantFrom('a', 'b', 'c'),
      status: fc.constantFrom(...STATUSES),
    })
    .map(({ id, who, status }) => withStatus(order(id, who), status)),
  fc.integer({ min: 1, max: 12 }).map((id) => ({ topic: 'orders', key: id, value: null })),
  fc
    .record({ who: fc.constantFrom('a', 'b', 'c'), country: fc.constantFrom('de', 'fr', 'nl') })
    .map(({ who, country }) => customer(who, country)),
  fc.constantFrom('a', 'b', 'c').map((who) => ({ topic: 'customers', key: who, value: null })),
);

function withStatus<Record extends { value: object }>(record: Record, status: string): Record {
  return { ...record, value: { ...record.value, status } };
}

/** A shop whose warehouse may be closed and opened again. */
class Kept implements AsyncDisposable {
  readonly workshop: Workshop;
  readonly project: Project;
  materializer!: Materializer;
  private constructor(workshop: Workshop, own: Project) {
    this.workshop = workshop;
    this.project = own;
  }

  static async of(own = { dir, project }): Promise<Kept> {
    const kept = new Kept(await Workshop.of(own.dir), own.project);
    await kept.open();
    return kept;
  }

  async open(): Promise<void> {
    this.materializer = await this.workshop.open({
      project: this.project,
      dataDir: path.join(this.workshop.dir, 'kept'),
    });
  }

  async again(): Promise<void> {
    await this.materializer[Symbol.asyncDispose]();
    await this.open();
  }

  async rows(sql: string): Promise<unknown[][]> {
    return (await this.materializer.query(sql)).rows as unknown[][];
  }

  /** The columns of a table, but for the first one. */
  async columns(table: string): Promise<string[]> {
    return (await this.rows(`describe select * from ${table}`)).slice(1).map(([name]) => String(name));
  }

  async status(id: number, status: string, who = 'a'): Promise<void> {
    await this.workshop.publish([withStatus(order(id, who), status)]);
  }

  notices(): string[] {
    return this.workshop.events.splice(0).flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.materializer[Symbol.asyncDispose]();
    await this.workshop[Symbol.asyncDispose]();
  }
}

/** What the pivot has to be, written without asking. */
async function expectedPivot(kept: Kept): Promise<unknown[]> {
  const statuses = await kept.rows('select status from stg_orders group by status order by count(*) desc, status');
  const sums = statuses.map(([status]) => `, sum(case when status = '${String(status)}' then amount_cents else 0 end)`);
  return kept.rows(`select customer_id ${sums.join('')} from stg_orders group by customer_id order by all`);
}

describe('models whose columns follow from rows', () => {
  it('equal their SQL with the rows there are after each run, and with those they have in between', async () => {
    const plan = fc.record({
      history: fc.array(HAPPENING, { minLength: 5, maxLength: 25 }),
      cuts: fc.array(
        fc.record({
          take: fc.integer({ min: 1, max: 12 }),
          after: fc.constantFrom('run', 'compact', 'restart', 'nothing'),
        }),
        {
          minLength: 1,
        },
      ),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ history, cuts }) => {
        await using kept = await Kept.of();
        for (let at = 0, i = 0; at < history.length; i++) {
          const { take, after } = cuts[i % cuts.length] as (typeof cuts)[number];
          await kept.workshop.publish(history.slice(at, at + take));
          at += take;
          await kept.materializer.catchUp();
          if (after === 'run') await kept.materializer.run({});
          if (after === 'compact') await kept.materializer.compact({ full: false });
          if (after === 'restart') await kept.again();
          const { status, tables } = await kept.materializer.verify({});
          expect([status, tables.filter((one) => one.status === 'different')]).toEqual(['equal', []]);
        }
        await kept.materializer.run({});
        if ((await kept.rows('select 1 from stg_orders')).length > 0) {
          expect(await kept.rows('select * from status_pivot order by all')).toEqual(await expectedPivot(kept));
          expect(await kept.rows('select distinct last_id, customers from after_pivot')).toEqual(
            await kept.rows('select max(customer_id), count(distinct customer_id) from stg_orders'),
          );
          expect((await kept.materializer.verify({ from: 'log' })).status).toBe('equal');
        }
        const tables = await contents(kept.materializer);
        const columns = await kept.rows(
          "select table_name, column_name from duckdb_columns() where schema_name = 'main' order by all",
        );
        // neither restarts, nor the way there, nor a replay matter
        kept.notices();
        await kept.again();
        await kept.materializer.run({});
        expect(kept.notices().filter((message) => !/ waits for rows/.test(message))).toEqual([]);
        expect(await contents(kept.materializer)).toEqual(tables);
        await kept.materializer.run({ fullRefresh: true, skipTests: true });
        expect(await contents(kept.materializer)).toEqual(tables);
        expect(
          await kept.rows(
            "select table_name, column_name from duckdb_columns() where schema_name = 'main' order by all",
          ),
        ).toEqual(columns);
      }),
      { numRuns: Number(process.env['LENS_LAW_RUNS'] ?? 1), endOnFailure: process.env['LENS_LAW_RUNS'] === undefined },
    );
  }, 3_600_000);

  it('have their columns while a service runs, and keep their order until something else changes or a run', async () => {
    await using kept = await Kept.of();
    await kept.status(1, 'paid');
    await kept.materializer.run({});
    await kept.materializer[Symbol.asyncDispose]();
    kept.materializer = await kept.workshop.open({
      project,
      dataDir: path.join(kept.workshop.dir, 'kept'),
      compaction: { intervalSeconds: 0.02 },
    });
    const stop = new AbortController();
    const following = kept.materializer.follow(stop.signal);
    const verifying = (async (): Promise<Set<string>> => {
      const found = new Set<string>();
      while (!stop.signal.aborted) found.add((await kept.materializer.verify({})).status);
      return found;
    })();
    const until = async (columns: readonly string[]): Promise<void> => {
      while ((await kept.columns('status_pivot')).join() !== columns.join()) await sleep(20);
    };
    // what somebody writes into the folder meanwhile is for the next start, or lens apply
    writeFileSync(path.join(dir, 'models/asking/more.sql'), 'select 1 as a');
    await kept.status(2, 'lost');
    await until(['lost_cents', 'paid_cents']);
    await kept.status(3, 'paid', 'b');
    // the same statuses, of which another one is the first now
    while (!(await noted(kept)).includes('status_pivot: the same rows in another order')) await sleep(20);
    expect(await kept.columns('status_pivot')).toEqual(['lost_cents', 'paid_cents']);
    expect(await kept.rows('select * from status_pivot order by all')).toEqual([
      ['a', 200, 200],
      ['b', 0, 200],
    ]);
    await kept.materializer.run({});
    await until(['paid_cents', 'lost_cents']);
    expect(await noted(kept)).not.toContain('status_pivot');
    await kept.workshop.publish([{ topic: 'orders', key: 2, value: null }]);
    await until(['paid_cents']);
    stop.abort();
    await following;
    expect([...(await verifying)]).toEqual(['equal']);
    rmSync(path.join(dir, 'models/asking/more.sql'));
    expect((await kept.materializer.verify({})).status).toBe('equal');
    expect(await kept.rows("select 1 from information_schema.tables where table_name = 'more'")).toEqual([]);
  }, 240_000);

  it('wait in an empty warehouse, and keep what they have when the rows they need are gone', async () => {
    await using kept = await Kept.of();
    const first = await kept.materializer.run({});
    const skipped = first.results.filter(({ status }) => status === 'skipped');
    expect(skipped.map(({ name, compiledCode }) => [name, compiledCode])).toEqual([
      ['status_pivot', null],
      ['after_pivot', null],
    ]);
    expect(skipped[0]?.remarks[0]).toMatch(/^models\/asking\/status_pivot\.sql:4: /);
    expect((await kept.materializer.status()).waiting.map(({ name }) => name)).toEqual(['status_pivot', 'after_pivot']);
    await kept.status(1, 'paid');
    const second = await kept.materializer.run({ models: ['status_pivot'] });
    expect(second.results.map(({ name, status }) => [name, status])).toEqual([['status_pivot', 'success']]);
    expect(second.results[0]?.compiledCode).toMatch(/"paid_cents"/);
    expect((await kept.materializer.status()).waiting).toEqual([]);

    await kept.workshop.publish([{ topic: 'orders', key: 1, value: null }]);
    await kept.materializer.run({});
    expect(await kept.columns('status_pivot')).toEqual(['paid_cents']);
    expect(await noted(kept)).toMatch(/^status_pivot: models\/asking\/status_pivot\.sql:4: /m);
    await kept.again();
    expect(await kept.columns('status_pivot')).toEqual(['paid_cents']);
    await kept.status(1, 'lost');
    await kept.materializer.run({});
    expect(await kept.columns('status_pivot')).toEqual(['lost_cents']);
    expect(await noted(kept)).toBe('');
  }, 240_000);

  it('do not take rows that break a contract or a reader, and plans and applies show what would change', async () => {
    const contract = (more = ''): string =>
      `models: [{name: country_flags, config: {contract: {enforced: true}}, columns: [{name: customer_id, data_type: varchar}, {name: is_DE, data_type: boolean}${more}]}]`;
    const own = askingShop({
      'models/asking/country_flags.yml': contract(),
      'models/asking/reader.sql': "select paid_cents from {{ ref('status_pivot') }}",
    });
    await using workshop = await Workshop.of(own);
    const source = { dir: own, vars: '{}', target: {} };
    const dataDir = path.join(workshop.dir, 'kept');
    const opened = async (): Promise<Materializer> =>
      workshop.open({ project: await askingProject(own), source, dataDir });
    await using materializer = await opened();
    await workshop.publish([order(1, 'a'), customer('a')]);
    await materializer.run({});
    expect((await materializer.status()).waiting).toEqual([]);
    await workshop.publish([withStatus(order(1, 'a'), 'lost'), customer('b', 'fr')]);
    await materializer.run({});
    const { answers } = await materializer.status();
    const why = new Map(answers.map(({ template, newer }) => [template, newer]));
    expect(why.get('country_flags')).toMatch(/its enforced contract failed: is_FR: missing in contract$/);
    expect(why.get('status_pivot')).toMatch(
      /^models\/asking\/reader\.sql: its SQL does not bind with the rows there are: /,
    );
    expect((await materializer.query('select * from status_pivot')).rows).toEqual([['a', 0]]);
    expect((await materializer.verify({})).status).toBe('equal');
    expect((await materializer.plan({ source })).models).toEqual([]);

    writeFileSync(path.join(own, 'models/asking/reader.sql'), "select lost_cents from {{ ref('status_pivot') }}");
    const plan = await materializer.plan({ source });
    expect(plan.models.map(({ name, cause }) => [name, cause])).toEqual([
      ['status_pivot', 'changed'],
      ['after_pivot', 'changed'],
      ['reader', 'changed'],
    ]);
    await materializer.apply({ source, plan: plan.id, skipTests: true });
    expect((await materializer.query('select * from reader')).rows).toEqual([[200]]);
    await materializer[Symbol.asyncDispose]();

    // a contract that other rows keep than those there were is broken at a start, and kept after it
    writeFileSync(path.join(own, 'models/asking/country_flags.yml'), contract(', {name: is_FR, data_type: boolean}'));
    await using again = await opened();
    expect((await again.status()).waiting).toMatchObject([{ name: 'country_flags', faulty: true }]);
    const { results } = await again.run({});
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 'success'));
    expect((await again.status()).waiting).toEqual([]);
    expect((await again.query('select * from country_flags order by 1')).rows).toHaveLength(2);
  }, 240_000);

  it('are not built for values that are as many, nor for nothing', async () => {
    await using kept = await Kept.of();
    await kept.workshop.publish([withStatus(order(1, 'a'), 'x'), withStatus(order(2, 'a'), 'y'), customer('a')]);
    await kept.materializer.run({});
    kept.notices();
    // x and y are as many each time, and the rows lie in another order
    for (const [id, status] of [
      [1, 'y'],
      [2, 'x'],
      [3, 'x'],
      [4, 'y'],
    ] as const)
      await kept.status(id, status);
    await kept.materializer.run({});
    expect(kept.notices().join()).not.toMatch(/stg_orders|status_pivot \(/);
    expect(await kept.columns('status_pivot')).toEqual(['x_cents', 'y_cents']);
    const since = (await kept.materializer.status()).answers;
    await kept.materializer.compact({ full: true });
    expect((await kept.materializer.status()).answers).toEqual(since);
  }, 240_000);

  it('are asked again when nothing but the time has gone on', async () => {
    const shop = changedShop({
      'macros/values.sql': ASKING['macros/values.sql'],
      'models/tick.sql': `{{ config(materialized='table', nondeterministic='allow') }}
select {{ single_value('select epoch_us(now())') }} as asked_at`,
      'tests/of_today.sql': `{% set query = "select count(*) || ' ' || date '" ~ modules.datetime.date.today() ~ "' from " ~ ref('tick') %}
select '{{ single_value(query) }}' where false`,
    });
    await using kept = await Kept.of({ dir: shop, project: await askingProject(shop) });
    await kept.materializer.run({});
    const asked = async (): Promise<unknown> => (await kept.rows('select asked_at from tick'))[0]?.[0];
    const first = await asked();
    // a data test asks another question each day, also of a service that goes on
    const tested = async (): Promise<unknown> =>
      (await kept.materializer.test({})).results.find(({ name }) => name === 'of_today')?.compiledCode;
    const dayIn = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 10);
    expect(await tested()).toBe(`select '1 ${dayIn(0)}' where false`);
    const tomorrow = dayIn(24);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 });
    try {
      expect(await tested()).toBe(`select '1 ${tomorrow}' where false`);
    } finally {
      vi.useRealTimers();
    }
    // the answer is kept over a start
    await kept.again();
    expect(await asked()).toBe(first);
    kept.notices();
    await kept.materializer.run({});
    expect(Number(await asked())).toBeGreaterThan(Number(first));
    expect(kept.notices().join()).toMatch(/of the clock \(\d+\) came, \(\d+\) left/);
    const { status, tables } = await kept.materializer.verify({});
    expect([status, tables.find(({ name }) => name === 'tick')?.status]).toEqual(['equal', 'not compared']);
  }, 240_000);
});

/** Why rows have not been taken, a line a template. */
async function noted(kept: Kept): Promise<string> {
  const { answers } = await kept.materializer.status();
  return answers.flatMap(({ template, newer }) => (newer === null ? [] : [`${template}: ${newer}`])).join('\n');
}
