import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { Connection } from '../warehouse/connection.ts';
import { makeMissingViews } from './build-models.ts';
import type { EditionGates } from './gates/edition-gates.ts';
import type { ModelCosts } from './models/model-costs.ts';
import type { ModelStandings } from './models/model-standings.ts';
import { rebuildModel } from './models/rebuild-model.ts';

/**
 * Rebuilds the folded models that are behind, with the folded models that read them, in one transaction. One that fails stays behind,
 * with its readers, and the others are built without them.
 */
export async function rebuildFolded(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  standings: ModelStandings,
  costs: ModelCosts,
  gates: EditionGates,
): Promise<{ models: string[]; failed: Error[] }> {
  const failed: Error[] = [];
  const out = new Set<string>();
  for (;;) {
    const behind = plans.filter(
      ({ model, upkeep }) => upkeep === 'batch' && standings.of(model) !== 'current' && !out.has(model),
    );
    if (behind.length === 0) return { models: [], failed };
    try {
      await connection.transaction(async () => {
        for (const plan of behind) await rebuildModel(connection, plan, costs);
        await gates.requirePassing(behind, out);
        await makeMissingViews(connection, plans);
      });
      standings.caughtUp(behind);
      return { models: behind.map((plan) => plan.model), failed };
    } catch (error) {
      await standings.setAside(connection, error, failed, out);
    }
  }
}
