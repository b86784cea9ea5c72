import type { MaintenancePlan, Relation } from '../maintenance/maintenance-plan.ts';
import { stateTables } from '../maintenance/aggregate-state.ts';
import { createView, rebuild } from '../maintenance/rebuild.ts';
import type { Project } from '../project/project-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { qualified, text } from '../warehouse/sql.ts';
import { ModelCosts } from './models/model-costs.ts';
import { modelFailed } from './models/model-failed.ts';
import { atCheckpoint, leaveBehind, placeAtCheckpoint, writeModelRecord } from './models/model-states.ts';
import { leftRelations, presentRelations, writeLeft } from './changes/left-relations.ts';
import { definitionOf, writeDefinitions } from './changes/model-definition.ts';
import { type BareChange, modelChanges } from './changes/model-changes.ts';
import { staleModels } from './changes/stale-models.ts';
import { readStoredModels } from './changes/stored-models.ts';
import { noteBuilt } from './models/note-built.ts';
import { createPending, pendingTable } from './models/pending-keys.ts';
import { writeAnswers } from './models/template-answers.ts';
import { writeModelColumns } from './models/plan-records.ts';
import type { RawTable } from './raw-tables.ts';
import { storedFingerprint } from './models/stored-fingerprint.ts';

/**
 * Makes the warehouse's relations those of the project, inside the caller's transaction: views are made anew, tables
 * whose rows may be others than those stored (stale-models.ts) are built over what has landed. Gives what changed, in
 * dependency order. MODEL_FAILED for a model whose SQL fails on the data.
 *
 * @param raw the tables that landing writes
 * @param replaced names of those whose rows are no longer those that the models were built from
 * @param failed models not to build, with their errors: they failed just now, or read one that did. They keep the table
 *   they have, if any, and are left behind as failed.
 */
export async function buildModels(
  connection: Connection,
  project: Project,
  plans: readonly MaintenancePlan[],
  raw: readonly RawTable[],
  replaced: ReadonlySet<string>,
  failed: ReadonlyMap<string, string>,
): Promise<BareChange[]> {
  const stored = await readStoredModels(connection);
  const stale = staleModels(project, plans, stored, replaced);
  const definitions = new Map(plans.map((plan) => [plan.model, definitionOf(project, plan)]));
  const costs = new ModelCosts();
  for (const plan of plans) {
    const print = storedFingerprint(project, plan);
    const error = failed.get(plan.model);
    if (error !== undefined) {
      await writeModelRecord(connection, plan, { fingerprint: print, state: 'failed', error });
      if (plan.strategy !== 'view') await leaveBehind(connection, plan.model, 'failed', error);
      continue;
    }
    const record = stored.records.get(plan.model);
    if (plan.strategy === 'view') {
      await makeView(connection, plan);
      if (record === undefined || stale.has(plan.model)) await noteBuilt(connection, plan.model);
    } else if (stale.has(plan.model)) {
      if (record !== undefined && record.fingerprint !== print) await forgetCosts(connection, plan);
      await makeTable(connection, plan, print, costs);
      continue;
    }
    const kept = stale.has(plan.model) || record === undefined ? { state: 'current' as const, error: null } : record;
    await writeModelRecord(connection, plan, { ...kept, fingerprint: print });
  }
  const left = leftRelations(stored, presentRelations(project, plans, raw));
  await forgetRemoved(connection, plans, stored.records.keys());
  await writeLeft(connection, left);
  await writeDefinitions(connection, definitions);
  await writeAnswers(connection, project);
  await writeModelColumns(connection, plans);
  await costs.write(connection);
  return modelChanges(project, plans, definitions, stored, stale, left);
}

/** Makes the views that are missing because what they read was, as far as that is there now. */
export async function makeMissingViews(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
  const views = plans.filter(({ strategy }) => strategy === 'view');
  if (views.length === 0) return;
  // Each compaction asks, and hardly ever is one missing.
  const found = await connection.rows<{ schema: string; name: string }>(
    `select schema_name as schema, view_name as name from duckdb_views()
     where database_name = current_database() and not internal`,
  );
  const there = new Set(found.map(({ schema, name }) => qualified(schema, name)));
  for (const plan of views) {
    if (there.has(qualified(plan.relation.schema, plan.relation.identifier))) continue;
    if (!(await inputsExist(connection, plan))) continue;
    await createView(connection, plan);
    await atCheckpoint(connection, plan);
    await noteBuilt(connection, plan.model);
  }
}

async function inputsExist(connection: Connection, plan: MaintenancePlan): Promise<boolean> {
  for (const relation of plan.reads) if (!(await exists(connection, relation, 'BASE TABLE'))) return false;
  return true;
}

/** Whether a relation of that kind is in the warehouse. */
export async function exists(
  connection: Connection,
  { schema, identifier }: Relation,
  kind: 'VIEW' | 'BASE TABLE',
): Promise<boolean> {
  // DuckDB's own functions: information_schema makes each column of all relations before it leaves them out.
  const what = kind === 'VIEW' ? 'view' : 'table';
  const found = await connection.number(
    `select count(*) from duckdb_${what}s() where database_name = current_database()
     and schema_name = ${text(schema)} and ${what}_name = ${text(identifier)}`,
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
  await placeAtCheckpoint(connection, plan);
  await noteBuilt(connection, plan.model);
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

/** Models that left the project keep their tables (left-relations.ts), and nobody keeps them current; what is kept beside them goes. */
async function forgetRemoved(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  known: Iterable<string>,
): Promise<void> {
  const names = plans.map((plan) => text(plan.model)).join(', ') || text('');
  await connection.run(
    `delete from lens.models where name not in (${names});
     delete from lens.model_checkpoint where model not in (${names});
     delete from lens.rebuilds_due where model not in (${names});
     delete from lens.model_costs where model not in (${names})`,
  );
  const compacted = new Set(plans.filter(({ upkeep }) => upkeep === 'compaction').map(({ model }) => model));
  for (const model of known) {
    if (!compacted.has(model)) await connection.run(`drop table if exists ${pendingTable(model)}`);
  }
  const kept = plans.flatMap((plan) => plan.states.flatMap(stateTables));
  const present = await connection.rows<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_catalog = current_database() and table_schema = 'lens' and starts_with(table_name, 'state_')`,
  );
  for (const { name } of present) {
    if (!kept.includes(name)) await connection.run(`drop table ${qualified('lens', name)}`);
  }
}
