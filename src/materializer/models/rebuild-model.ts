import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import { rebuild } from '../../maintenance/rebuild.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { ModelCosts } from './model-costs.ts';
import { modelFailed } from './model-failed.ts';
import { atCheckpoint } from './model-states.ts';
import { noteBuilt } from './note-built.ts';

/** Builds a stored model anew, inside the caller's transaction: it stands at the checkpoint then. MODEL_FAILED. */
export async function rebuildModel(connection: Connection, plan: MaintenancePlan, costs: ModelCosts): Promise<void> {
  try {
    await costs.rebuild(plan.model, () => rebuild(connection, plan));
    await atCheckpoint(connection, plan);
    await noteBuilt(connection, plan.model);
  } catch (error) {
    throw modelFailed(plan.model, error);
  }
}
