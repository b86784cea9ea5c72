import type { Changes } from '../maintenance/change-set.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { rebuild } from '../maintenance/rebuild.ts';
import { recomputeKeys } from '../maintenance/recompute-keys.ts';
import { reachesAll, touchedKeyQueries } from '../maintenance/touched-keys.ts';
import type { Connection } from '../warehouse/connection.ts';
import { qualified } from '../warehouse/sql.ts';
import { ModelCosts } from './model-costs.ts';
import { modelFailed } from './model-failed.ts';
import { atCheckpoint } from './model-states.ts';
import { clearPending, pendingRebuilds, takePending } from './pending-keys.ts';

export interface CompactedModel {
  readonly name: string;
  readonly strategy: string;
  readonly rowsChanged: number;
  readonly rows: number;
}

/**
 * Brings compacted models up to the checkpoint, in dependency order and inside the caller's transaction: by the keys
 * pending since the last time and those their compacted inputs change now; outright where a change may have touched any
 * row, or the model is in `outright`. A model that nothing reached stays as it is.
 */
export async function compact(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  outright: ReadonlySet<string>,
  costs = new ModelCosts(),
): Promise<CompactedModel[]> {
  const changes: Changes = new Map();
  const done: CompactedModel[] = [];
  const pending = await pendingRebuilds(connection);
  for (const plan of plans) {
    try {
      const whole =
        outright.has(plan.model) ||
        plan.nondeterministic.length > 0 ||
        pending.has(plan.model) ||
        reachesAll(plan, changes);
      const { model } = plan;
      const rowsChanged = whole
        ? await costs.rebuild(model, () => replace(connection, plan, changes))
        : await costs.upkeep(model, () => redo(connection, plan, changes));
      await atCheckpoint(connection, plan);
      const target = qualified(plan.relation.schema, plan.relation.identifier);
      const rows = await connection.number(`select count(*) from ${target}`);
      done.push({ name: model, strategy: whole ? 'rebuild' : plan.strategy, rowsChanged: rowsChanged ?? 0, rows });
    } catch (error) {
      throw modelFailed(plan.model, error);
    }
  }
  return done;
}

async function replace(connection: Connection, plan: MaintenancePlan, changes: Changes): Promise<number> {
  const rows = await rebuild(connection, plan);
  await clearPending(connection, plan);
  changes.set(plan.model, 'everything');
  return rows;
}

/** Gives the number of rows changed; null when nothing touched the model. */
async function redo(connection: Connection, plan: MaintenancePlan, changes: Changes): Promise<number | null> {
  if (plan.strategy !== 'recompute keys') return null;
  const keys = await takePending(connection, plan, touchedKeyQueries(plan, changes));
  if (keys === null) return null;
  const applied = await recomputeKeys(connection, plan, keys);
  if (applied === null) return 0;
  changes.set(plan.model, applied.change);
  return applied.rowsChanged;
}

/** Whether a model's own checkpoint is behind the warehouse's. */
export async function behindCheckpoint(connection: Connection): Promise<boolean> {
  const behind = await connection.number(
    `select count(*) from lens.checkpoint c
     left join lens.model_checkpoint m on m.topic = c.topic and m.partition = c.partition
     where m.next_offset is distinct from c.next_offset`,
  );
  return behind > 0;
}

export function recordCompaction(connection: Connection, milliseconds: number, full: boolean): Promise<void> {
  const values = [BigInt(Math.round(milliseconds)), full];
  return connection.run('insert into lens.compactions values (now()::timestamp, ?, ?)', values);
}
