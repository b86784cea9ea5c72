import { stateTables } from '../../maintenance/aggregate-state.ts';
import type { MaintenancePlan, Relation } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { copyRows } from '../../warehouse/copy-rows.ts';
import { ident, qualified } from '../../warehouse/sql.ts';
import { compareTables } from '../compare-tables.ts';
import type { Edition } from '../edition.ts';
import { neverRefreshed } from '../models/never-refreshed.ts';

const CARRIED = 'lens_carried';

/**
 * Models with dbt's `full_refresh: false` keep the rows that they have: where a replay gave others than the live edition has at the same
 * checkpoint, since the log no longer holds what they came from, the model's rows and its kept aggregates are taken over as they are.
 * Gives the names of these models; what reads them is still to be rebuilt. A model that the project has changed is another one, and is not carried.
 */
export async function carryOver(live: Edition, next: Edition): Promise<string[]> {
  const carried: string[] = [];
  for (const plan of next.plans) {
    if (plan.upkeep === 'view' || !neverRefreshed(next.project.model(plan.model))) continue;
    const before = live.plans.find(({ model }) => model === plan.model);
    if (before === undefined || !sameTables(before, plan)) continue;
    using stored = await live.warehouse.connect();
    const differs = await stored.transaction(() => next.write((made) => carryDifferent(stored, made, plan)));
    if (differs) carried.push(plan.model);
  }
  return carried;
}

function sameTables(before: MaintenancePlan, plan: MaintenancePlan): boolean {
  return before.fullSql === plan.fullSql && tablesOf(before).join() === tablesOf(plan).join();
}

function tablesOf({ relation, states }: MaintenancePlan): string[] {
  const inLens = states
    .flatMap(stateTables)
    .map((identifier): Relation => ({ name: identifier, schema: 'lens', identifier }));
  return [relation, ...inLens].map(({ schema, identifier }) => qualified(schema, identifier));
}

async function carryDifferent(stored: Connection, made: Connection, plan: MaintenancePlan): Promise<boolean> {
  const tables = tablesOf(plan);
  const [model = ''] = tables;
  const sql = `select * from ${model}`;
  const { status } = await compareTables(
    { connection: stored, sql },
    { connection: made, sql },
    { key: [], sums: true },
  );
  if (status === 'equal') return false;
  for (const table of tables) {
    await copyRows(stored, `select * from ${table}`, made, CARRIED);
    await made.run(
      `delete from ${table}; insert into ${table} select * from ${ident(CARRIED)}; drop table ${ident(CARRIED)}`,
    );
  }
  return true;
}
