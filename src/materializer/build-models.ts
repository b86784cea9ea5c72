import type { MaintenancePlan, Relation } from '../maintenance/maintenance-plan.ts';
import { stateTables } from '../maintenance/aggregate-state.ts';
import { createView, rebuild } from '../maintenance/rebuild.ts';
import type { Project } from '../project/project-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { qualified, text } from '../warehouse/sql.ts';
import { ModelCosts } from './model-costs.ts';
import { modelFailed } from './model-failed.ts';
import { type ModelRecord, atCheckpoint, leaveBehind, readModelRecords, writeModelRecord } from './model-states.ts';
import { createPending } from './pending-keys.ts';
import { writeModelColumns } from './plan-records.ts';
import { storedFingerprint } from './stored-fingerprint.ts';

/**
 * Makes the warehouse's relations those of the project, inside the caller's transaction: views are made anew, tables
 * that are missing, whose model changed or that read one of `replaced` are built over what has landed, with the tables
 * that read them. Gives the names built. MODEL_FAILED for a model whose SQL fails on the data.
 *
 * @param replaced names of raw tables whose rows are no longer those that the models were built from
 * @param failed models not to build, with their errors: they failed just now, or read one that did. They keep the table
 *   they have, if any, and are left behind as failed.
 */
export async function buildModels(
  connection: Connection,
  project: Project,
  plans: readonly MaintenancePlan[],
  replaced: ReadonlySet<string>,
  failed: ReadonlyMap<string, string>,
): Promise<string[]> {
  const records = await readModelRecords(connection);
  const changed = new Set(replaced);
  const built: string[] = [];
  const costs = new ModelCosts();
  for (const plan of plans) {
    const print = storedFingerprint(project, plan);
    const error = failed.get(plan.model);
    if (error !== undefined) {
      await writeModelRecord(connection, plan, { fingerprint: print, state: 'failed', error });
      if (plan.strategy !== 'view') await leaveBehind(connection, plan.model, 'failed', error);
      continue;
    }
    const stale =
      plan.reads.some(({ name }) => changed.has(name)) ||
      !(await sameAsBefore(connection, plan, records.get(plan.model), print));
    if (stale) changed.add(plan.model);
    if (plan.strategy === 'view') await makeView(connection, plan);
    else if (stale) {
      if (records.get(plan.model)?.fingerprint !== print) await forgetCosts(connection, plan);
      await makeTable(connection, plan, print, costs);
      built.push(plan.model);
      continue;
    }
    const record = records.get(plan.model);
    const kept = stale || record === undefined ? { state: 'current' as const, error: null } : record;
    await writeModelRecord(connection, plan, { ...kept, fingerprint: print });
  }
  await forgetRemoved(connection, plans);
  await writeModelColumns(connection, plans);
  await costs.write(connection);
  return built;
}

/** Makes the views that are missing because what they read was, as far as that is there now. */
export async function makeMissingViews(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
  for (const plan of plans) {
    if (plan.strategy !== 'view' || (await exists(connection, plan.relation, 'VIEW'))) continue;
    if (!(await inputsExist(connection, plan))) continue;
    await createView(connection, plan);
    await atCheckpoint(connection, plan);
  }
}

async function inputsExist(connection: Connection, plan: MaintenancePlan): Promise<boolean> {
  for (const relation of plan.reads) if (!(await exists(connection, relation, 'BASE TABLE'))) return false;
  return true;
}

async function sameAsBefore(
  connection: Connection,
  plan: MaintenancePlan,
  record: ModelRecord | undefined,
  print: string,
): Promise<boolean> {
  // A model that failed when it was built has the fingerprint of its new SQL, and no table or that of its old one.
  if (record === undefined || record.fingerprint !== print || record.state === 'failed') return false;
  for (const identifier of plan.states.flatMap(stateTables)) {
    if (!(await exists(connection, { name: identifier, schema: 'lens', identifier }, 'BASE TABLE'))) return false;
  }
  return exists(connection, plan.relation, plan.upkeep === 'view' ? 'VIEW' : 'BASE TABLE');
}

/** Whether a relation of that kind is in the warehouse. */
export async function exists(
  connection: Connection,
  { schema, identifier }: Relation,
  kind: 'VIEW' | 'BASE TABLE',
): Promise<boolean> {
  const found = await connection.number(
    `select count(*) from information_schema.tables where table_catalog = current_database()
     and table_schema = ${text(schema)} and table_name = ${text(identifier)} and table_type = ${text(kind)}`,
  );
  return found === 1;
}

async function makeView(connection: Connection, plan: MaintenancePlan): Promise<void> {
  await dropOtherKind(connection, plan, 'BASE TABLE');
  await createView(connection, plan);
}

/** They were those of another SELECT. */
async function forgetCosts(connection: Connection, { model }: MaintenancePlan): Promise<void> {
  await connection.run('delete from lens.model_costs where model = ?', [model]);
}

async function makeTable(
  connection: Connection,
  plan: MaintenancePlan,
  print: string,
  costs: ModelCosts,
): Promise<void> {
  await dropOtherKind(connection, plan, 'VIEW');
  try {
    await costs.rebuild(plan.model, () => rebuild(connection, plan));
  } catch (error) {
    throw modelFailed(plan.model, error);
  }
  if (plan.upkeep === 'compaction') await createPending(connection, plan);
  await writeModelRecord(connection, plan, { fingerprint: print, state: 'current', error: null });
  await atCheckpoint(connection, plan);
}

/** A model that was a view and is a table now, or the other way round. */
async function dropOtherKind(
  connection: Connection,
  plan: MaintenancePlan,
  kind: 'VIEW' | 'BASE TABLE',
): Promise<void> {
  if (!(await exists(connection, plan.relation, kind))) return;
  const { schema, identifier } = plan.relation;
  await connection.run(`drop ${kind === 'VIEW' ? 'view' : 'table'} ${qualified(schema, identifier)}`);
}

/** Models that left the project keep their tables, as with dbt, but nobody keeps them current; states go. */
async function forgetRemoved(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
  const names = plans.map((plan) => text(plan.model)).join(', ') || text('');
  await connection.run(
    `delete from lens.models where name not in (${names});
     delete from lens.model_checkpoint where model not in (${names});
     delete from lens.model_costs where model not in (${names})`,
  );
  const kept = plans.flatMap((plan) => plan.states.flatMap(stateTables));
  const present = await connection.rows<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_catalog = current_database() and table_schema = 'lens' and starts_with(table_name, 'state_')`,
  );
  for (const { name } of present) {
    if (!kept.includes(name)) await connection.run(`drop table ${qualified('lens', name)}`);
  }
}
