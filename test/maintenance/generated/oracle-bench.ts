import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { visibleValues } from '../../../src/maintenance/aggregate-state.ts';
import type { MaintenancePlan } from '../../../src/maintenance/maintenance-plan.ts';
import { planModels } from '../../../src/maintenance/plan-models.ts';
import { createView, rebuild } from '../../../src/maintenance/rebuild.ts';
import { compact } from '../../../src/materializer/compaction.ts';
import { fold } from '../../../src/materializer/fold.ts';
import { createPending } from '../../../src/materializer/models/pending-keys.ts';
import { loadProject } from '../../../src/project/load-project.ts';
import type { Project } from '../../../src/project/project-contract.ts';
import { qualified } from '../../../src/warehouse/sql.ts';
import { Connection } from '../../../src/warehouse/connection.ts';
import { DUCKDB_SETTINGS } from '../../../src/warehouse/warehouse.ts';
import { migrate } from '../../../src/warehouse/migrations.ts';
import { createRawTables, land, RAW_RELATIONS } from './raw-rows.ts';
import { type Scenario, writeProject } from './scenario.ts';

/** The oracle is full recompute. One warehouse for all scenarios, its tables made anew for each. */
export class OracleBench implements AsyncDisposable {
  readonly #base: string;
  readonly #instance: DuckDBInstance;
  readonly connection: Connection;
  readonly #plans = new WeakMap<Scenario['models'], Promise<readonly MaintenancePlan[]>>();
  #projects = 0;
  /** How many models were kept in which way. */
  readonly kept = new Map<string, number>();

  private constructor(base: string, instance: DuckDBInstance, connection: Connection) {
    this.#base = base;
    this.#instance = instance;
    this.connection = connection;
  }

  static async open(): Promise<OracleBench> {
    const base = mkdtempSync(path.join(tmpdir(), 'lens-generated-'));
    // In memory: a file would spend half of the time on making commits durable.
    const instance = await DuckDBInstance.create(':memory:', { ...DUCKDB_SETTINGS, threads: '1' });
    const connection = new Connection(await instance.connect());
    await connection.run("set global TimeZone = 'UTC'");
    await migrate(connection);
    return new OracleBench(base, instance, connection);
  }

  /**
   * Builds the models over empty tables, applies the steps, and compares every table and state with its SQL after each.
   * AssertionError where they differ.
   */
  async check({ models, steps }: Scenario): Promise<void> {
    const plans = await this.build(models);
    const compacted = plans.filter((plan) => plan.upkeep === 'compaction');
    for (const [at, step] of steps.entries()) {
      await this.connection.transaction(async () => {
        await fold(this.connection, plans, await land(this.connection, step.changes), new Set());
      });
      if (step.compact) await this.connection.transaction(() => compact(this.connection, compacted, new Set()));
      const due = plans.filter((plan) => plan.upkeep === 'batch' || (plan.upkeep === 'compaction' && step.compact));
      await this.#compare(due, `after step ${at}`);
    }
  }

  /** The plans of a scenario's models; made once where several scenarios are over the same models. */
  plans(models: Scenario['models']): Promise<readonly MaintenancePlan[]> {
    const planned = this.#plans.get(models) ?? this.#plan(models);
    this.#plans.set(models, planned);
    return planned;
  }

  #plan(models: Scenario['models']): Promise<readonly MaintenancePlan[]> {
    return planModels(this.project(models), RAW_RELATIONS);
  }

  /** The dbt project of a scenario's models. */
  project(models: Scenario['models']): Project {
    const dir = path.join(this.#base, `p${this.#projects++}`);
    writeProject(dir, models);
    const project = loadProject(dir, { target: { name: 'dev', schema: 'w' } });
    rmSync(dir, { recursive: true });
    return project;
  }

  /** Plans and builds a scenario's models over empty raw tables. */
  async build(models: Scenario['models']): Promise<readonly MaintenancePlan[]> {
    const plans = await this.plans(models);
    await createRawTables(this.connection);
    await this.connection.run('delete from lens.rebuilds_due');
    for (const plan of plans) {
      const how = `${plan.strategy}, ${plan.upkeep}${plan.states.length > 0 ? ', with states' : ''}`;
      this.kept.set(how, (this.kept.get(how) ?? 0) + 1);
      if (plan.strategy === 'view') await createView(this.connection, plan);
      else await rebuild(this.connection, plan);
      if (plan.upkeep === 'compaction') await createPending(this.connection, plan);
    }
    return plans;
  }

  async #compare(plans: readonly MaintenancePlan[], when: string): Promise<void> {
    const pairs = plans.flatMap((plan) => {
      const how = `${plan.model} (${plan.strategy} by ${plan.key.join()}, ${plan.states.length} states)`;
      const table = `from ${qualified(plan.relation.schema, plan.relation.identifier)}`;
      const states = plan.states.map((state) => {
        const { visible, whole } = visibleValues(state);
        return { what: `${state.relation.name} of ${how}`, is: visible, should: whole };
      });
      return [{ what: how, is: table, should: plan.fullSql }, ...states];
    });
    if (pairs.length === 0) return;
    const counts = pairs.map(
      ({ is, should }, i) =>
        `(select count(*) from (((${is}) except all (from (${should}))) union all ((from (${should})) except all (${is})))) as n${i}`,
    );
    const [row] = await this.connection.rows<Record<string, number>>(`select ${counts.join(', ')}`);
    const found = pairs.filter((_, i) => row?.[`n${i}`] !== 0).map(({ what }) => what);
    assert.deepEqual(found, [], `differs from its SQL ${when}: ${found.join(', ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection[Symbol.dispose]();
    this.#instance.closeSync();
    rmSync(this.#base, { recursive: true, force: true });
  }
}
