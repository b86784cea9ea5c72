import type { Changes } from '../maintenance/change-set.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { recomputeKeys } from '../maintenance/recompute-keys.ts';
import { changeOfRowWiseView } from '../maintenance/row-wise-view.ts';
import { collectKeys, touchedKeyQueries } from '../maintenance/touched-keys.ts';
import type { Connection } from '../warehouse/connection.ts';
import { modelFailed } from './model-failed.ts';
import { addPending } from './pending-keys.ts';

/**
 * Carries the raw tables' changes through the models, in dependency order and inside the batch's transaction: row-wise
 * views map them, folded models are redone for their touched keys, compacted models note the keys for later. Models
 * left behind (`skip`) are not touched: a rebuild brings them back. Gives the number of rows changed.
 */
export async function fold(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  changes: Changes,
  skip: ReadonlySet<string>,
): Promise<number> {
  let rowsChanged = 0;
  for (const plan of plans) {
    if (skip.has(plan.model) || !plan.inputs.some((input) => changes.has(input.relation.name))) continue;
    try {
      rowsChanged += await foldModel(connection, plan, changes);
    } catch (error) {
      throw modelFailed(plan.model, error);
    }
  }
  return rowsChanged;
}

async function foldModel(connection: Connection, plan: MaintenancePlan, changes: Changes): Promise<number> {
  if (plan.strategy === 'row-wise view') {
    const [input] = plan.inputs;
    const change = changes.get(input?.relation.name ?? '');
    if (change !== undefined) changes.set(plan.model, await changeOfRowWiseView(connection, plan, change));
    return 0;
  }
  if (plan.strategy !== 'recompute keys') return 0;
  const queries = touchedKeyQueries(plan, changes);
  if (plan.upkeep === 'compaction') {
    await addPending(connection, plan, queries);
    return 0;
  }
  const keys = await collectKeys(connection, plan, queries);
  const applied = keys === null ? null : await recomputeKeys(connection, plan, keys);
  if (applied === null) return 0;
  changes.set(plan.model, applied.change);
  return applied.rowsChanged;
}
