import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChangePlan, DataDifference, RelationName } from '../../src/materializer/changes/change-plan.ts';
import type { ProjectSource } from '../../src/materializer/changes/next-project.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { changedShop, order } from './changed-shop.ts';
import { CHANGES, projectBefore } from './changed-projects.ts';
import { contents, differences, Workshop } from './workshop.ts';

type Row = Readonly<Record<string, unknown>>;

/** Orders and customers, some of which have no orders, some orders no customer. */
function records() {
  const countries = ['de', 'fr', 'nl'];
  const customers = Array.from({ length: 12 }, (_, i) => ({
    topic: 'customers',
    key: `k${i}`,
    value: { customer_id: `k${i}`, name: `n${i}`, country: countries[i % 3], joined_on: '2026-01-02' },
  }));
  const orders = Array.from({ length: 60 }, (_, i) => ({
    topic: 'orders',
    key: i + 1,
    value: {
      order_id: i + 1,
      customer_id: `k${i % 14}`,
      ordered_at: `2026-03-0${(i % 4) + 1}T0${i % 10}:00:00Z`,
      status: ['paid', 'open', 'paid', 'void'][i % 4],
      quantity: (i % 5) + 1,
      price: `${i % 7}.50`,
      note: null,
    },
  }));
  return [...customers, ...orders];
}

function sourceOf(dir: string): ProjectSource {
  return { dir, vars: '{}', target: { name: 'dev', schema: 'main' } };
}

function planFor(materializer: Materializer, dir: string): Promise<ChangePlan> {
  return materializer.plan({ source: sourceOf(dir), diff: { limit: 100 } });
}

async function rowsOf(materializer: Materializer, { schema, identifier }: RelationName): Promise<Row[]> {
  const rows: Row[] = [];
  let names: string[] = [];
  await materializer.streamQuery(
    `select * from "${schema}"."${identifier}"`,
    {},
    {
      columns: (columns) => void (names = columns.map(({ name }) => name)),
      rows: (piece) => {
        for (const row of piece) rows.push(Object.fromEntries(row.map((value, at) => [names[at], value])));
      },
    },
  );
  return rows;
}

/** The same figures, worked out here from the rows before and after. */
function figures(before: readonly Row[], after: readonly Row[], key: readonly string[]): Partial<DataDifference> {
  const common = Object.keys(before[0] ?? {}).filter((name) => name in (after[0] ?? {}));
  const textOf = (row: Row, names: readonly string[]): string => JSON.stringify(names.map((name) => String(row[name])));
  const [old, fresh] = [before, after].map((rows) =>
    Map.groupBy(rows, (row) => textOf(row, key.length > 0 ? key : common)),
  );
  const sides = { rowsBefore: before.length, rowsAfter: after.length };
  const only = (one: typeof old, other: typeof old): number =>
    [...(one ?? [])].reduce((sum, [id, rows]) => sum + Math.max(0, rows.length - (other?.get(id)?.length ?? 0)), 0);
  const [added, removed] = [only(fresh, old), only(old, fresh)];
  const differing = common
    .map((name) => {
      const differ = (id: string, row: Row): boolean =>
        fresh?.get(id) !== undefined && String(fresh.get(id)?.[0]?.[name]) !== String(row[name]);
      return {
        name,
        rows: [...(old ?? [])].filter(([id, [row]]) => key.length > 0 && differ(id, row as Row)).map(([id]) => id),
      };
    })
    .filter(({ rows }) => rows.length > 0);
  const changed = new Set(differing.flatMap(({ rows }) => rows)).size;
  return {
    ...sides,
    added,
    removed,
    changed,
    columns: differing.map(({ name, rows }) => ({ name, rows: rows.length })),
  };
}

/** What was planned over the project before, with the rows that each model had. */
interface Before {
  readonly plan: ChangePlan;
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

/** Plans and looks at every row; nothing may change by that. */
async function planned(materializer: Materializer, dir: string, dataDir: string): Promise<Before> {
  const [tables, files] = [await contents(materializer), readdirSync(dataDir)];
  const plan = await planFor(materializer, dir);
  const rows = new Map<string, readonly Row[]>();
  for (const { name, before } of plan.models) if (before !== null) rows.set(name, await rowsOf(materializer, before));
  expect(await contents(materializer)).toEqual(tables);
  expect(readdirSync(dataDir)).toEqual(files);
  return { plan, rows };
}

/** What the plan said has to be what there is now. */
async function requireAsPlanned(materializer: Materializer, { plan, rows }: Before, project: Project): Promise<void> {
  for (const { name, cause, relation, data } of plan.models.filter((one) => one.cause !== 'removed')) {
    const after = await rowsOf(materializer, relation);
    const expected = figures(rows.get(name) ?? [], after, data?.key ?? []);
    expect({ name, ...data }).toMatchObject({ name, status: 'compared', ...expected });
    expect(data?.examples.length, `${cause} ${name}`).toBe(
      rows.has(name) ? (data?.added ?? 0) + (data?.removed ?? 0) + (data?.changed ?? 0) : 0,
    );
  }
  expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
}

const causesOf = ({ models }: ChangePlan): string[] => models.map(({ cause, name }) => `${cause} ${name}`);

describe('a plan', () => {
  it.each(CHANGES)('says what lens apply then does: $name', async ({ dir, causes, parts, renamed }) => {
    await using workshop = await Workshop.of(projectBefore());
    const next = dir();
    const project = loadProject(next);
    const dataDir = path.join(workshop.dir, 'kept');
    await workshop.publish(records());
    {
      await using materializer = await workshop.open({ dataDir });
      await materializer.run({});
      const before = await planned(materializer, next, dataDir);
      const { plan } = before;
      expect(causesOf(plan)).toEqual(causes);
      const told = plan.models
        .filter((change) => change.differences.length > 0)
        .map((change) => [change.name, change.differences.map(({ part }) => part)]);
      expect(Object.fromEntries(told)).toEqual(parts ?? {});
      const names = plan.models.flatMap((one) => (one.renamed === null ? [] : [[one.name, one.renamed] as const]));
      expect(Object.fromEntries(names)).toEqual(renamed ?? {});

      const { refreshed } = await materializer.apply({ source: sourceOf(next), plan: plan.id });
      expect(refreshed?.edition).toBe(causes.length === 0 ? undefined : 2);
      await requireAsPlanned(materializer, before, project);
      expect(await planFor(materializer, next)).toMatchObject({ models: [], rawTables: [], hidden: [] });
      for (const { relation, name } of plan.models.filter(({ cause }) => cause === 'removed')) {
        await expect(rowsOf(materializer, relation), name).rejects.toMatchObject({ code: 'QUERY_FAILED' });
      }
      // the warehouse is kept by the project that was applied
      await workshop.publish([order(61, 'k1'), order(2, 'k3')]);
      await materializer.run({});
      expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
    }
    workshop.events.length = 0;
    await using again = await workshop.open({ dataDir, project, catalog: loadTopics(next) });
    expect(await planFor(again, next)).toMatchObject({ models: [], rawTables: [] });
    expect(workshop.events.filter(({ kind }) => kind === 'notice')).toEqual([]);
  });

  it.each(CHANGES.filter(({ start }) => start === true))('says what a start does: $name', async ({ dir, causes }) => {
    await using workshop = await Workshop.of(projectBefore());
    const next = dir();
    const dataDir = path.join(workshop.dir, 'kept');
    await workshop.publish(records());
    let before: Before;
    {
      await using materializer = await workshop.open({ dataDir });
      await materializer.run({});
      before = await planned(materializer, next, dataDir);
    }
    const project = loadProject(next);
    await using materializer = await workshop.open({ dataDir, project, catalog: loadTopics(next) });
    await requireAsPlanned(materializer, before, project);
    const again = await planFor(materializer, next);
    expect(causesOf(again)).toEqual(causes.filter((one) => one.startsWith('removed')));
    expect(again.rawTables).toEqual([]);
    if (again.models.length === 0) return;
    await materializer.apply({ source: sourceOf(next), plan: again.id });
    expect(await planFor(materializer, next)).toMatchObject({ models: [], rawTables: [] });
  });

  it.each<[string, Readonly<Record<string, string>>, string[], string[]]>([
    ['its rows', { 'seeds/tiers.csv': 'country,tier\nDE,gold\nNL,bronze\n' }, ['rows tiers'], ['follows tiered']],
    [
      'its columns',
      { 'seeds/tiers.csv': 'country,tier,rank\nDE,gold,1\nFR,silver,2\n' },
      ['columns tiers'],
      ['follows tiered'],
    ],
    [
      'that there is one',
      {
        'seeds/names.csv': 'country,name\nDE,Germany\n',
        'models/marts/named.sql':
          "select c.customer_id, n.name from {{ ref('dim_customers') }} c join {{ ref('names') }} n using (country)",
      },
      ['new names'],
      ['new named'],
    ],
  ])('says what a seed does: %s', async (_, files, seeds, causes) => {
    const seeded = {
      'seeds/tiers.csv': 'country,tier\nDE,gold\nFR,silver\n',
      'models/marts/tiered.sql':
        "select c.customer_id, t.tier from {{ ref('dim_customers') }} c left join {{ ref('tiers') }} t using (country)",
    };
    await using workshop = await Workshop.of(changedShop(seeded));
    const next = changedShop({ ...seeded, ...files });
    const dataDir = path.join(workshop.dir, 'kept');
    await workshop.publish(records());
    await using materializer = await workshop.open({ dataDir });
    await materializer.run({});
    const before = await planned(materializer, next, dataDir);
    expect(before.plan.seeds.map(({ change, name }) => `${change} ${name}`)).toEqual(seeds);
    expect(causesOf(before.plan)).toEqual(causes);
    await materializer.apply({ source: sourceOf(next), plan: before.plan.id });
    await requireAsPlanned(materializer, before, loadProject(next));
    expect(await planFor(materializer, next)).toMatchObject({ models: [], seeds: [] });
  });
});
