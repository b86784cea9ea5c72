import type { Changes } from '../maintenance/change-set.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { rebuild } from '../maintenance/rebuild.ts';
import { recomputeKeys } from '../maintenance/recompute-keys.ts';
import { reachesAll, touchedKeyQueries, type TouchedKeys } from '../maintenance/touched-keys.ts';
import type { Connection } from '../warehouse/connection.ts';
import { qualified } from '../warehouse/sql.ts';
import { gateFailed } from './gates/gate-failed.ts';
import type { Gates } from './gates/gates.ts';
import { ModelCosts } from './models/model-costs.ts';
import { modelFailed } from './models/model-failed.ts';
import { atCheckpoint } from './models/model-states.ts';
import { noteBuilt } from './models/note-built.ts';
import { pendingRebuilds, resetPending, takePending } from './models/pending-keys.ts';
import { rebuildIsCheaper } from './models/rebuild-choice.ts';

export interface CompactedModel {
  readonly name: string;
  /** `recompute keys`, `rebuild`, or `rebuild: N of M keys were touched`. */
  readonly strategy: string;
  readonly rowsChanged: number;
  readonly rows: number;
}

export interface CompactionSurroundings {
  readonly costs?: ModelCosts;
  /** Data tests that are asked before it commits: MODEL_FAILED where one fails. */
  readonly gates?: Gates;
  /** Models that are not brought up. */
  readonly behind?: ReadonlySet<string>;
}

/**
 * Brings compacted models up to the checkpoint, in dependency order and inside the caller's transaction: by the keys
 * pending since the last time and those their compacted inputs change now; outright where a change may have touched any
 * row, the model is in `outright`, or most of its keys are touched. A model that nothing reached stays as it is.
 */
export async function compact(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  outright: ReadonlySet<string>,
  { costs = new ModelCosts(), gates, behind }: CompactionSurroundings = {},
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
      const target = qualified(plan.relation.schema, plan.relation.identifier);
      const count = (): Promise<number> => connection.number(`select count(*) from ${target}`);
      const keys = whole ? null : await touched(connection, plan, changes);
      const most = keys !== null && (await rebuildIsCheaper(connection, plan, keys));
      const rowsChanged =
        whole || most
          ? await costs.rebuild(model, () => replace(connection, plan, changes))
          : await costs.upkeep(model, () => redo(connection, plan, keys, changes));
      await atCheckpoint(connection, plan);
      const rows = await count();
      const strategy = most ? `rebuild: ${keys.count} of ${rows} keys were touched` : whole ? 'rebuild' : plan.strategy;
      done.push({ name: model, strategy, rowsChanged: rowsChanged ?? 0, rows });
    } catch (error) {
      throw modelFailed(plan.model, error);
    }
  }
  const [failure] = (await gates?.check(connection, changes, behind ?? new Set())) ?? [];
  if (failure !== undefined) throw gateFailed(failure, plans);
  return done;
}

async function replace(connection: Connection, plan: MaintenancePlan, changes: Changes): Promise<number> {
  const rows = await rebuild(connection, plan);
  await resetPending(connection, plan);
  await noteBuilt(connection, plan.model);
  changes.set(plan.model, 'everything');
  return rows;
}

async function touched(connection: Connection, plan: MaintenancePlan, changes: Changes): Promise<TouchedKeys | null> {
  if (plan.strategy !== 'recompute keys') return null;
  return takePending(connection, plan, touchedKeyQueries(plan, changes));
}

/** Gives the number of rows changed; null when nothing touched the model. */
async function redo(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys | null,
  changes: Changes,
): Promise<number | null> {
  if (keys === null) return null;
  const applied = await recomputeKeys(connection, plan, keys);
  if (applied === null) return 0;
  if (applied.change !== null) changes.set(plan.model, applied.change);
  return applied.rowsChanged;
}

/** Whether a model's own checkpoint is behind the warehouse's, other than that of one that failed. */
export async function behindCheckpoint(connection: Connection): Promise<boolean> {
  const behind = await connection.number(
    `select count(*) from lens.checkpoint c
     left join (
       from lens.model_checkpoint where model not in (select name from lens.models where state = 'failed')
     ) m on m.topic = c.topic and m.partition = c.partition
     where m.next_offset is distinct from c.next_offset`,
  );
  return behind > 0;
}

export function recordCompaction(connection: Connection, milliseconds: number, full: boolean): Promise<void> {
  const values = [BigInt(Math.round(milliseconds)), full];
  return connection.run('insert into lens.compactions values (now()::timestamp, ?, ?)', values);
}
