import { asksForChanges } from '../maintenance/asked-changes.ts';
import type { Changes } from '../maintenance/change-set.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { keepState } from '../maintenance/aggregate-state.ts';
import { freshInputs } from '../maintenance/fresh-inputs.ts';
import { recomputeKeys } from '../maintenance/recompute-keys.ts';
import { collectKeys, reachesAll, type SmallTables, touchedKeyQueries } from '../maintenance/touched-keys.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ModelCosts } from './models/model-costs.ts';
import { modelFailed } from './models/model-failed.ts';
import { addPending, addPendingRebuild } from './models/pending-keys.ts';
import { preferRebuild, RebuildPreferred } from './models/rebuild-choice.ts';

export interface FoldOptions {
  readonly costs?: ModelCosts | undefined;
  /** Whether to throw {@link RebuildPreferred} where so many keys of a model are touched that a rebuild is cheaper. */
  readonly mayRebuild?: boolean | undefined;
  readonly small?: SmallTables | undefined;
  /** Whether a gate reads that model. */
  readonly gated?: ((model: string) => boolean) | undefined;
}

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
  options: FoldOptions = {},
): Promise<number> {
  const { costs = new ModelCosts() } = options;
  let rowsChanged = 0;
  for (const plan of plans) {
    if (skip.has(plan.model) || !plan.reads.some(({ name }) => changes.has(name))) continue;
    try {
      const work = (): Promise<number> => foldModel(connection, plan, plans, changes, options);
      rowsChanged += await (plan.upkeep === 'batch' ? costs.upkeep(plan.model, work) : work());
    } catch (error) {
      throw error instanceof RebuildPreferred ? error : modelFailed(plan.model, error);
    }
  }
  return rowsChanged;
}

async function foldModel(
  connection: Connection,
  plan: MaintenancePlan,
  plans: readonly MaintenancePlan[],
  changes: Changes,
  { mayRebuild = false, small, gated }: FoldOptions,
): Promise<number> {
  if (plan.strategy === 'view') return 0;
  if (plan.upkeep === 'compaction') {
    if (reachesAll(plan, changes)) await addPendingRebuild(connection, plan);
    else await addPending(connection, plan, touchedKeyQueries(plan, changes));
    return 0;
  }
  await keepStates(connection, plan, changes, small);
  const queries = touchedKeyQueries(plan, changes);
  const keys = await collectKeys(connection, plan, queries, small);
  if (keys === null) return 0;
  if (mayRebuild) await preferRebuild(connection, plan, keys);
  const asked = gated?.(plan.model) === true || asksForChanges(plan, changes, plans);
  const fresh = await freshInputs(connection, plan, keys, changes);
  const applied = await recomputeKeys(connection, plan, keys, { fresh, asked });
  if (applied === null) return 0;
  if (applied.change !== null) changes.set(plan.model, applied.change);
  return applied.rowsChanged;
}

/** The states of a model follow the tables that they aggregate; their changes are changes of inputs. */
async function keepStates(
  connection: Connection,
  { states }: MaintenancePlan,
  changes: Changes,
  small: SmallTables | undefined,
): Promise<void> {
  for (const state of states) {
    const change = await keepState(connection, state, changes, small);
    if (change !== null) changes.set(state.relation.name, change);
  }
}
