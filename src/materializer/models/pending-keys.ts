import { isDeepStrictEqual } from 'node:util';
import { collectKeys, type TouchedKeys } from '../../maintenance/touched-keys.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { ident, idents, qualified, text } from '../../warehouse/sql.ts';

/**
 * The keys that batches have touched since a compacted model was last brought up to date, in `lens.pending_MODEL`.
 * They are written in the batch's transaction, so that a crash loses none.
 */
export function pendingTable(model: string): string {
  return qualified('lens', `pending_${model}`);
}

/** Makes the table anew, with the types of the model's key: nothing is pending. The model must exist. */
export async function createPending(connection: Connection, plan: MaintenancePlan): Promise<void> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const key = plan.key.length === 0 ? 'true as changed' : idents(plan.key);
  await connection.run(
    `create or replace table ${pendingTable(plan.model)} as select ${key} from ${target} limit 0;
     delete from lens.rebuilds_due where model = ${text(plan.model)}`,
  );
}

/**
 * Forgets what is pending, as far as the transaction sees it: what batches note meanwhile stays. So rows are deleted and
 * tables kept, and a batch that notes more has nothing to wait for.
 */
async function clearPending(connection: Connection, plan: MaintenancePlan): Promise<void> {
  await connection.run(
    `delete from ${pendingTable(plan.model)}; delete from lens.rebuilds_due where model = ${text(plan.model)}`,
  );
}

/**
 * The same of a model that is built. The table is made where there is none for its key: an open makes it with the model, unless that
 * failed, and then no batch notes anything that could be in the way.
 */
export async function resetPending(connection: Connection, plan: MaintenancePlan): Promise<void> {
  const there = await connection.rows<{ name: string; type: string }>(
    `select column_name as name, data_type as type from duckdb_columns()
     where database_name = current_database() and schema_name = 'lens' and table_name = ${text(`pending_${plan.model}`)}
     order by column_index`,
  );
  const key = plan.key.map((name) => ({ name, type: plan.columns.find((column) => column.name === name)?.type }));
  const wanted = key.length === 0 ? [{ name: 'changed', type: 'BOOLEAN' }] : key;
  await (isDeepStrictEqual(there, wanted) ? clearPending(connection, plan) : createPending(connection, plan));
}

/** Adds keys given by SELECTs; a key may be there several times. */
export async function addPending(
  connection: Connection,
  plan: MaintenancePlan,
  queries: readonly string[],
): Promise<void> {
  if (queries.length === 0) return;
  await connection.run(
    `insert into ${pendingTable(plan.model)} select distinct * from (${queries.join(' union all ')})`,
  );
}

/**
 * Notes that the next compaction must rebuild a model. Also where it is noted already: a compaction under way may be about to
 * forget that note, without the change at hand.
 */
export async function addPendingRebuild(connection: Connection, plan: MaintenancePlan): Promise<void> {
  await connection.run(`insert into lens.rebuilds_due values (${text(plan.model)})`);
}

/** The models noted for a rebuild. */
export async function pendingRebuilds(connection: Connection): Promise<Set<string>> {
  const rows = await connection.rows<{ model: string }>('select distinct model from lens.rebuilds_due');
  return new Set(rows.map(({ model }) => model));
}

/** The pending keys together with those of `queries`, or null when there are none; the pending ones are taken out. */
export async function takePending(
  connection: Connection,
  plan: MaintenancePlan,
  queries: readonly string[],
): Promise<TouchedKeys | null> {
  const pending = `select ${plan.key.map(ident).join(', ')} from ${pendingTable(plan.model)}`;
  const keys = await collectKeys(connection, plan, [pending, ...queries]);
  await clearPending(connection, plan);
  return keys;
}
