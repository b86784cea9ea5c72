import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChangePlan, DataDifference, RelationName } from '../../src/materializer/changes/change-plan.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
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

function planFor(materializer: Materializer, dir: string, limit = 100): Promise<ChangePlan> {
  return materializer.plan({ source: { dir, vars: {}, target: { name: 'dev', schema: 'main' } }, diff: { limit } });
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

describe('a plan', () => {
  it.each(CHANGES)('says what a start then does: $name', async ({ dir, causes, parts, renamed }) => {
    await using workshop = await Workshop.of(projectBefore());
    const next = dir();
    const dataDir = path.join(workshop.dir, 'kept');
    await workshop.publish(records());
    const before = new Map<string, Row[]>();
    let plan: ChangePlan;
    {
      await using materializer = await workshop.open({ dataDir });
      await materializer.run({});
      const [tables, files] = [await contents(materializer), readdirSync(dataDir)];
      plan = await planFor(materializer, next);
      for (const change of plan.models) {
        if (change.before !== null) before.set(change.name, await rowsOf(materializer, change.before));
      }
      expect(await contents(materializer)).toEqual(tables);
      expect(readdirSync(dataDir)).toEqual(files);
      expect(await planFor(materializer, workshop.project.dir)).toMatchObject({ models: [], rawTables: [] });
    }
    expect(plan.models.map(({ cause, name }) => `${cause} ${name}`)).toEqual(causes);
    const told = plan.models
      .filter((change) => change.differences.length > 0)
      .map((change) => [change.name, change.differences.map(({ part }) => part)]);
    expect(Object.fromEntries(told)).toEqual(parts ?? {});
    const names = plan.models.flatMap((one) => (one.renamed === null ? [] : [[one.name, one.renamed] as const]));
    expect(Object.fromEntries(names)).toEqual(renamed ?? {});

    const project = loadProject(next);
    await using materializer = await workshop.open({ dataDir, project, catalog: loadTopics(next) });
    for (const { name, cause, relation, data } of plan.models.filter((one) => one.cause !== 'removed')) {
      const after = await rowsOf(materializer, relation);
      const expected = figures(before.get(name) ?? [], after, data?.key ?? []);
      expect({ name, ...data }).toMatchObject({ name, status: 'compared', ...expected });
      expect(data?.examples.length, `${cause} ${name}`).toBe(
        before.has(name) ? (data?.added ?? 0) + (data?.removed ?? 0) + (data?.changed ?? 0) : 0,
      );
    }
    expect(await differences(materializer, project, ['batch', 'compaction'])).toEqual([]);
    const left = causes.filter((one) => one.startsWith('removed'));
    const again = await planFor(materializer, next);
    expect(again.models.map(({ cause, name }) => `${cause} ${name}`)).toEqual(left);
    expect(again.rawTables).toEqual([]);
  });
});
