import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Changes } from '../../src/maintenance/change-set.ts';
import { createTemporary, temporary } from '../../src/maintenance/change-set.ts';
import type { MaintenancePlan } from '../../src/maintenance/maintenance-plan.ts';
import { planModels, type RawRelation } from '../../src/maintenance/planner.ts';
import { rebuild } from '../../src/maintenance/rebuild.ts';
import { compact } from '../../src/materializer/compaction.ts';
import { fold } from '../../src/materializer/fold.ts';
import { resetPending } from '../../src/materializer/pending-keys.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { Connection } from '../../src/warehouse/connection.ts';
import { qualified } from '../../src/warehouse/sql.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { type Columns, randomSelect, type Table, Tape } from './random-select.ts';

const RAW: Readonly<Record<string, Columns>> = {
  facts: { id: 'int', a: 'int', b: 'int', t: 'text', d: 'date', x: 'amount' },
  dims: { k: 'int', grp: 'int', label: 'text' },
  links: { m: 'int', a: 'int', k: 'int', d: 'date' },
};
const KEYS: Readonly<Record<string, string>> = { facts: 'id', dims: 'k', links: 'm' };
const TYPES = { int: 'INTEGER', text: 'VARCHAR', date: 'DATE', amount: 'DECIMAL(10,2)' } as const;
const RUNS = Number(process.env['LENS_ORACLE_RUNS'] ?? 300);

/** A change of one raw row: values by a tape, or gone. */
interface RowChange {
  readonly table: string;
  readonly key: number;
  readonly values: readonly number[] | null;
}

const rowChange: fc.Arbitrary<RowChange> = fc.record({
  table: fc.constantFrom(...Object.keys(RAW)),
  key: fc.nat(9),
  values: fc.option(fc.array(fc.nat(11), { minLength: 6, maxLength: 6 }), { freq: 4, nil: null }),
});

const scenario = fc.record({
  tapes: fc.array(
    fc.record({
      tape: fc.array(fc.nat(9999), { maxLength: 60 }),
      kind: fc.constantFrom('table', 'table', 'view', 'ephemeral'),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  steps: fc.array(fc.record({ changes: fc.array(rowChange, { minLength: 1, maxLength: 8 }), compact: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  }),
});

function literal(kind: Columns[string], n: number): string {
  if (n >= 10) return 'null';
  switch (kind) {
    case 'int':
      return String(n % 6);
    case 'amount':
      return `${n}.${n}5`;
    case 'date':
      return `date '2026-01-0${1 + (n % 4)}'`;
    case 'text':
      return `'${['x', 'y', 'X', 'Grüße', ''][n % 5]}'`;
  }
}

/** Applies changes to the raw tables and gives their change sets, as landing does. */
async function land(connection: Connection, changes: readonly RowChange[]): Promise<Changes> {
  const sets: Changes = new Map();
  for (const [table, columns] of Object.entries(RAW)) {
    const last = new Map(
      changes.filter((change) => change.table === table).map((change) => [change.key, change.values]),
    );
    if (last.size === 0) continue;
    const key = KEYS[table] as string;
    const names = Object.entries(columns);
    const rows = [...last]
      .filter(([, values]) => values !== null)
      .map(([id, values]) => {
        const cells = names.map(([name, kind], i) =>
          name === key ? String(id) : literal(kind, (values as readonly number[])[i] ?? 0),
        );
        return `(${cells.join(', ')})`;
      });
    const [out, fresh] = [temporary('out', table), temporary('in', table)];
    const keys = [...last.keys()].join(', ');
    const types = names.map(([name, kind]) => `${name}::${TYPES[kind]} as ${name}`).join(', ');
    const given =
      rows.length === 0
        ? `select * from w.${table} limit 0`
        : `select ${types} from (values ${rows.join(', ')}) v(${names.map(([name]) => name).join(', ')})`;
    await connection.run(
      `${createTemporary(out, `select * from w.${table} where ${key} in (${keys})`)};
       ${createTemporary(fresh, given)};
       delete from w.${table} where ${key} in (${keys});
       insert into w.${table} select * from ${fresh}`,
    );
    const left = await connection.number(`select count(*) from ${out}`);
    sets.set(table, { rowsOut: out, rowsIn: fresh, onlyIn: left === 0 });
  }
  return sets;
}

async function differing(connection: Connection, plan: MaintenancePlan): Promise<number> {
  const table = qualified(plan.relation.schema, plan.relation.identifier);
  return connection.number(
    `select (select count(*) from (from ${table} except all from (${plan.fullSql})))
          + (select count(*) from (from (${plan.fullSql}) except all from ${table}))`,
  );
}

function writeProject(dir: string, tapes: readonly { tape: readonly number[]; kind: string }[]): void {
  mkdirSync(path.join(dir, 'models'));
  writeFileSync(path.join(dir, 'dbt_project.yml'), 'name: generated\nversion: 1.0.0\nconfig-version: 2\nprofile: x\n');
  const tables = Object.keys(RAW).map((name) => `      - name: ${name}\n`);
  writeFileSync(
    path.join(dir, 'models/sources.yml'),
    `sources:\n  - name: raw\n    schema: w\n    tables:\n${tables.join('')}`,
  );
  const readable: Table[] = Object.entries(RAW).map(([name, columns]) => ({
    name: `{{ source('raw', '${name}') }}`,
    columns,
  }));
  for (const [i, { tape, kind }] of tapes.entries()) {
    // Later models first, so that graphs become deep.
    const { sql, columns } = randomSelect(new Tape(tape), readable.toReversed());
    writeFileSync(path.join(dir, `models/m${i}.sql`), `{{ config(materialized='${kind}') }}\n${sql}\n`);
    readable.push({ name: `{{ ref('m${i}') }}`, columns });
  }
}

const raw: RawRelation[] = Object.entries(RAW).map(([name, columns]) => ({
  name,
  schema: 'w',
  identifier: name,
  columns: Object.entries(columns).map(([column, kind]) => ({ name: column, type: TYPES[kind] })),
  key: [KEYS[name] as string],
}));

it(
  `keeps generated models equal to their SQL after every batch (${RUNS} histories)`,
  { timeout: 3_600_000 },
  async () => {
    const strategies = new Map<string, number>();
    const base = mkdtempSync(path.join(tmpdir(), 'lens-generated-'));
    await using warehouse = await Warehouse.open(path.join(base, 'generated.duckdb'), { threads: 1 });
    using connection = await warehouse.connect();
    let n = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ tapes, steps }) => {
        const dir = path.join(base, `p${n++}`);
        mkdirSync(dir);
        writeProject(dir, tapes);
        const project = loadProject(dir, { target: { name: 'dev', schema: 'w' } });
        await connection.run('drop schema if exists w cascade; create schema w');
        for (const { identifier, columns } of raw) {
          await connection.run(
            `create table w.${identifier} (${columns.map((c) => `${c.name} ${c.type}`).join(', ')})`,
          );
        }
        const plans = await planModels(project, raw);
        for (const plan of plans) {
          const key = `${plan.strategy}/${plan.upkeep}`;
          strategies.set(key, (strategies.get(key) ?? 0) + 1);
          if (plan.strategy === 'view') {
            await connection.run(`create view w.${plan.relation.identifier} as ${plan.fullSql}`);
            continue;
          }
          await rebuild(connection, plan);
          if (plan.upkeep === 'compaction') await resetPending(connection, plan);
        }
        for (const step of steps) {
          await connection.transaction(async () => {
            const changes = await land(connection, step.changes);
            await fold(connection, plans, changes, new Set());
          });
          if (step.compact) {
            await connection.transaction(() =>
              compact(
                connection,
                plans.filter((plan) => plan.upkeep === 'compaction'),
                new Set(),
              ),
            );
          }
          for (const plan of plans) {
            if (plan.strategy === 'view' || (plan.upkeep === 'compaction' && !step.compact)) continue;
            expect(await differing(connection, plan), `${plan.model} (${plan.strategy} by ${plan.key.join()})`).toBe(0);
          }
        }
        rmSync(dir, { recursive: true });
      }),
      { numRuns: RUNS, ...(process.env['LENS_SEED'] === undefined ? {} : { seed: Number(process.env['LENS_SEED']) }) },
    );
    console.log(Object.fromEntries(strategies));
    rmSync(base, { recursive: true, force: true });
  },
);
