import type { Changes } from '../maintenance/change-set.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { recomputeKeys } from '../maintenance/recompute-keys.ts';
import { collectKeys, reachesAll, touchedKeyQueries } from '../maintenance/touched-keys.ts';
import type { Connection } from '../warehouse/connection.ts';
import { modelFailed } from './model-failed.ts';
import { addPending, addPendingRebuild } from './pending-keys.ts';

/**
 * Carries the raw tables' changes through the models, in dependency order and inside the batch's transaction: folded
 * models are redone for their touched keys, compacted models note the keys for later. Models left behind (`skip`) are
 * not touched: a rebuild brings them back. Gives the number of rows changed.
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
  if (plan.strategy === 'view') return 0;
  if (plan.upkeep === 'compaction') {
    if (reachesAll(plan, changes)) await addPendingRebuild(connection, plan);
    else await addPending(connection, plan, touchedKeyQueries(plan, changes));
    return 0;
  }
  const queries = touchedKeyQueries(plan, changes);
  const keys = await collectKeys(connection, plan, queries);
  const applied = keys === null ? null : await recomputeKeys(connection, plan, keys);
  if (applied === null) return 0;
  changes.set(plan.model, applied.change);
  return applied.rowsChanged;
}
