import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { askingProject, askingShop } from './asking-shop.ts';
import { customer, order } from './changed-shop.ts';
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
  materializer!: Materializer;
  private constructor(workshop: Workshop) {
    this.workshop = workshop;
  }

  static async of(): Promise<Kept> {
    const kept = new Kept(await Workshop.of(dir));
    await kept.open();
    return kept;
  }

  async open(): Promise<void> {
    this.materializer = await this.workshop.open({ project, dataDir: path.join(this.workshop.dir, 'kept') });
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
});
