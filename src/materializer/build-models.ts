import { LensError, messageOf } from '../core/errors.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { createView, rebuild } from '../maintenance/rebuild.ts';
import { fingerprint } from '../project/fingerprint.ts';
import type { Project } from '../project/project-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { qualified, text } from '../warehouse/sql.ts';
import { modelFailed } from './model-failed.ts';
import { type ModelRecord, atCheckpoint, readModelRecords, writeModelRecord } from './model-states.ts';
import { resetPending } from './pending-keys.ts';

/**
 * Makes the warehouse's relations those of the project, inside the caller's transaction: views are made anew, tables
 * that are missing, whose model changed or that read one of `replaced` are built over what has landed, with the tables
 * that read them. Gives the names built. MODEL_SQL_INVALID when a model does not bind, with DuckDB's message and the
 * model's file.
 *
 * @param replaced names of raw tables whose rows are no longer those that the models were built from
 */
export async function buildModels(
  connection: Connection,
  project: Project,
  plans: readonly MaintenancePlan[],
  replaced: ReadonlySet<string>,
): Promise<string[]> {
  for (const plan of plans) await valid(project, plan, () => connection.requireOneSelect(plan.fullSql));
  const records = await readModelRecords(connection);
  const changed = new Set(replaced);
  const built: string[] = [];
  for (const plan of plans) {
    await valid(project, plan, () => connection.describe(plan.fullSql));
    const print = fingerprint(project, project.model(plan.model));
    const stale =
      plan.inputs.some((input) => changed.has(input.relation.name)) ||
      !(await sameAsBefore(connection, plan, records.get(plan.model), print));
    if (stale) changed.add(plan.model);
    if (plan.strategy === 'view' || plan.strategy === 'row-wise view') await makeView(connection, plan);
    else if (stale) {
      await makeTable(connection, plan, print);
      built.push(plan.model);
      continue;
    }
    const record = records.get(plan.model);
    const kept = stale || record === undefined ? { state: 'current' as const, error: null } : record;
    await writeModelRecord(connection, plan, { ...kept, fingerprint: print });
  }
  await forgetRemoved(connection, plans);
  return built;
}

async function valid(project: Project, plan: MaintenancePlan, check: () => Promise<unknown>): Promise<void> {
  try {
    await check();
  } catch (error) {
    const refused = error instanceof LensError && error.code === 'QUERY_REFUSED' ? error.hint : undefined;
    throw new LensError('MODEL_SQL_INVALID', `model ${plan.model}: ${messageOf(error)}`, {
      place: project.model(plan.model).path,
      hint: refused ?? `lens compile ${plan.model} prints the SQL as DuckDB sees it`,
      cause: error,
    });
  }
}

async function sameAsBefore(
  connection: Connection,
  plan: MaintenancePlan,
  record: ModelRecord | undefined,
  print: string,
): Promise<boolean> {
  if (record === undefined || record.fingerprint !== print) return false;
  return exists(connection, plan, plan.upkeep === 'view' ? 'VIEW' : 'BASE TABLE');
}

async function exists(connection: Connection, plan: MaintenancePlan, kind: 'VIEW' | 'BASE TABLE'): Promise<boolean> {
  const found = await connection.number(
    `select count(*) from information_schema.tables where table_catalog = current_database()
     and table_schema = ${text(plan.relation.schema)} and table_name = ${text(plan.relation.identifier)}
     and table_type = ${text(kind)}`,
  );
  return found === 1;
}

async function makeView(connection: Connection, plan: MaintenancePlan): Promise<void> {
  await dropOtherKind(connection, plan, 'BASE TABLE');
  await createView(connection, plan);
}

async function makeTable(connection: Connection, plan: MaintenancePlan, print: string): Promise<void> {
  await dropOtherKind(connection, plan, 'VIEW');
  try {
    await rebuild(connection, plan);
  } catch (error) {
    throw modelFailed(plan.model, error);
  }
  if (plan.upkeep === 'compaction') await resetPending(connection, plan);
  await writeModelRecord(connection, plan, { fingerprint: print, state: 'current', error: null });
  await atCheckpoint(connection, plan);
}

/** A model that was a view and is a table now, or the other way round. */
async function dropOtherKind(
  connection: Connection,
  plan: MaintenancePlan,
  kind: 'VIEW' | 'BASE TABLE',
): Promise<void> {
  if (!(await exists(connection, plan, kind))) return;
  const { schema, identifier } = plan.relation;
  await connection.run(`drop ${kind === 'VIEW' ? 'view' : 'table'} ${qualified(schema, identifier)}`);
}

/** Models that left the project keep their tables, as with dbt, but nobody keeps them current. */
async function forgetRemoved(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
  const names = plans.map((plan) => text(plan.model)).join(', ') || text('');
  await connection.run(
    `delete from lens.models where name not in (${names});
     delete from lens.model_checkpoint where model not in (${names})`,
  );
}
