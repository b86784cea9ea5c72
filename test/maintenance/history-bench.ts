import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { visibleValues } from '../../src/maintenance/aggregate-state.ts';
import type { Changes } from '../../src/maintenance/change-set.ts';
import { createTemporary, temporary } from '../../src/maintenance/change-set.ts';
import type { MaintenancePlan } from '../../src/maintenance/maintenance-plan.ts';
import { planModels } from '../../src/maintenance/plan-models.ts';
import type { RawRelation } from '../../src/maintenance/planner.ts';
import { rebuild } from '../../src/maintenance/rebuild.ts';
import { fold } from '../../src/materializer/fold.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { Connection } from '../../src/warehouse/connection.ts';
import { ident, qualified } from '../../src/warehouse/sql.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

/** How many histories a property is tried with, before what it divides that by. */
export const RUNS = Number(process.env['LENS_ORACLE_RUNS'] ?? 300);

/** A raw table: its columns with their types, the first of which is its key, an INTEGER. */
export type RawTables = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A change of one raw row: each value by a number, or the row is gone. */
export interface RowChange {
  readonly table: string;
  readonly key: number;
  readonly values: readonly number[] | null;
}

/** Batches of changes. */
export type History = readonly (readonly RowChange[])[];

/**
 * @param keys how many keys each table has: with few, rows are changed and deleted often
 */
export function histories(tables: RawTables, keys: number): fc.Arbitrary<History> {
  const widest = Math.max(...Object.values(tables).map((columns) => Object.keys(columns).length));
  const change = fc.record({
    table: fc.constantFrom(...Object.keys(tables)),
    key: fc.nat(keys - 1),
    values: fc.option(fc.array(fc.nat(11), { minLength: widest, maxLength: widest }), { freq: 3, nil: null }),
  });
  return fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 10 });
}

/** A value of a type, null for one in six. */
function literal(type: string, n: number): string {
  if (n >= 10) return 'null';
  if (type.startsWith('DECIMAL(4')) return `${n * 7}.${n}`;
  if (type.startsWith('DECIMAL')) return `${n * 8191}.${n}${(n * 7) % 10}`;
  switch (type) {
    case 'BOOLEAN':
      return String(n % 3 > 0);
    case 'DOUBLE':
      return ["'nan'", "'infinity'", '-0.1', '0.1', '2.5'][n % 5] as string;
    case 'BIGINT':
      return String((BigInt(n) - 3n) * 1_000_000_000_000_037n);
    case 'VARCHAR':
      return `'${['x', 'y', 'X', 'Grüße', ''][n % 5]}'`;
    default:
      return String(n % 4);
  }
}

/** One warehouse with raw tables and models over them, emptied for each history. */
export class HistoryBench implements AsyncDisposable {
  readonly #base: string;
  readonly #tables: RawTables;
  readonly #warehouse: Warehouse;
  readonly connection: Connection;
  readonly plans: readonly MaintenancePlan[];

  private constructor(
    base: string,
    tables: RawTables,
    plans: readonly MaintenancePlan[],
    warehouse: Warehouse,
    connection: Connection,
  ) {
    this.#base = base;
    this.#tables = tables;
    this.#warehouse = warehouse;
    this.connection = connection;
    this.plans = plans;
  }

  /** @param models SELECTs by name; one reads another as `ref('name')` */
  static async open(tables: RawTables, models: Readonly<Record<string, string>>): Promise<HistoryBench> {
    const base = mkdtempSync(path.join(tmpdir(), 'lens-history-'));
    writeProject(base, tables, models);
    const raw = Object.entries(tables).map(([name, columns]): RawRelation => {
      const list = Object.entries(columns).map(([column, type]) => ({ name: column, type }));
      return { name, schema: 'w', identifier: name, columns: list, key: [Object.keys(columns)[0] as string] };
    });
    const plans = await planModels(loadProject(base, { target: { name: 'dev', schema: 'w' } }), raw);
    const warehouse = await Warehouse.open(path.join(base, 'history.duckdb'), { threads: 1 });
    return new HistoryBench(base, tables, plans, warehouse, await warehouse.connect());
  }

  /** Applies each batch of a history, and compares every table kept by batches and every state with its SQL after each. */
  async check(history: History): Promise<void> {
    const plans = this.plans.filter((plan) => plan.upkeep === 'batch');
    await this.#empty();
    for (const [at, batch] of history.entries()) {
      // The first batch is there before the models are built.
      if (at === 0) {
        await this.#land(batch);
        for (const plan of plans) await rebuild(this.connection, plan);
      } else {
        await this.connection.transaction(async () => {
          await fold(this.connection, plans, await this.#land(batch), new Set());
        });
      }
      for (const plan of plans) await this.#compare(plan, `after batch ${at}`);
    }
  }

  async #compare(plan: MaintenancePlan, when: string): Promise<void> {
    const table = `from ${qualified(plan.relation.schema, plan.relation.identifier)}`;
    const differing = async (a: string, b: string): Promise<number> =>
      this.connection.number(`select count(*) from ((${a} except all (${b})) union all ((${b}) except all ${a}))`);
    expect(await differing(table, plan.fullSql), `${plan.model} ${when}`).toBe(0);
    for (const { visible, whole } of plan.states.map(visibleValues)) {
      expect(await differing(visible, whole), `a state of ${plan.model} ${when}`).toBe(0);
    }
  }

  async #empty(): Promise<void> {
    await this.connection.run('drop schema if exists w cascade; create schema w');
    for (const [name, columns] of Object.entries(this.#tables)) {
      const list = Object.entries(columns).map(([column, type]) => `${ident(column)} ${type}`);
      await this.connection.run(`create table w.${name} (${list.join(', ')})`);
    }
  }

  /** Applies changes to the raw tables and gives their change sets, as landing does. */
  async #land(batch: readonly RowChange[]): Promise<Changes> {
    const sets: Changes = new Map();
    for (const [table, columns] of Object.entries(this.#tables)) {
      const last = new Map(batch.filter((one) => one.table === table).map((one) => [one.key, one.values]));
      if (last.size === 0) continue;
      const types = Object.values(columns);
      const rows = [...last].flatMap(([key, values]) => {
        const cells = types.map((type, i) =>
          i === 0 ? String(key) : `cast(${literal(type, values?.[i] ?? 0)} as ${type})`,
        );
        return values === null ? [] : [`(${cells.join(', ')})`];
      });
      const key = Object.keys(columns)[0];
      const [out, fresh] = [temporary('out', table), temporary('in', table)];
      const given = rows.length === 0 ? `from w.${table} limit 0` : `from (values ${rows.join(', ')})`;
      await this.connection.run(
        `${createTemporary(out, `from w.${table} where ${key} in (${[...last.keys()].join()})`)};
         ${createTemporary(fresh, `from w.${table} limit 0`)};
         insert into ${fresh} ${given};
         delete from w.${table} where ${key} in (${[...last.keys()].join()});
         insert into w.${table} from ${fresh}`,
      );
      const left = await this.connection.number(`select count(*) from ${out}`);
      sets.set(table, { rowsOut: out, rowsIn: fresh, onlyIn: left === 0 });
    }
    return sets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection[Symbol.dispose]();
    await this.#warehouse[Symbol.asyncDispose]();
    rmSync(this.#base, { recursive: true, force: true });
  }
}

function writeProject(dir: string, tables: RawTables, models: Readonly<Record<string, string>>): void {
  mkdirSync(path.join(dir, 'models'));
  writeFileSync(path.join(dir, 'dbt_project.yml'), 'name: histories\nversion: 1.0.0\nconfig-version: 2\nprofile: x\n');
  const names = Object.keys(tables).map((name) => `      - name: ${name}\n`);
  const sources = `sources:\n  - name: raw\n    schema: w\n    tables:\n${names.join('')}`;
  writeFileSync(path.join(dir, 'models/sources.yml'), sources);
  for (const [name, sql] of Object.entries(models)) {
    writeFileSync(
      path.join(dir, `models/${name}.sql`),
      `{{ config(materialized='${name.startsWith('v_') ? 'view' : 'table'}') }}\n${sql}\n`,
    );
  }
}
