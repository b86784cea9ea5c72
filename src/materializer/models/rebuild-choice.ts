import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { TouchedKeys } from '../../maintenance/touched-keys.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified } from '../../warehouse/sql.ts';

/**
 * From this part of a model's rows on, as many touched keys are dearer than a rebuild: finding and comparing the rows of keys
 * costs about as much again as the SELECT, and where all of them change, deleting and inserting them several times as much.
 */
const SHARE_FOR_REBUILD = 0.5;
/** Over fewer rows than this, either takes milliseconds. */
const ROWS_TO_CHOOSE = 100_000;

/** Whether so many keys of a model are touched that a compaction had better rebuild it. */
export async function rebuildIsCheaper(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
): Promise<boolean> {
  if (keys.count < SHARE_FOR_REBUILD * (await rowsOf(connection, plan.relation))) return false;
  const rows = plan.inputs.map(({ relation }) => `select count(*) as n from ${tableOf(relation)}`);
  return (await connection.number(`select sum(n) from (${rows.join(' union all ')})`)) >= ROWS_TO_CHOOSE;
}

/** Ends the fold of a batch that had better rebuild a model: nothing of it is committed. */
export class RebuildPreferred extends Error {
  readonly model: string;

  constructor(model: string, reason: string) {
    super(reason);
    this.name = 'RebuildPreferred';
    this.model = model;
  }
}

/**
 * Throws {@link RebuildPreferred} when a batch touches so many keys of a model. Where aggregates are kept they give its rows without a look
 * at what they aggregate, as a rebuild does, so they are never given up for one.
 */
export async function preferRebuild(connection: Connection, plan: MaintenancePlan, keys: TouchedKeys): Promise<void> {
  if (plan.states.length > 0 || keys.count < SHARE_FOR_REBUILD * ROWS_TO_CHOOSE) return;
  const rows = await rowsOf(connection, plan.relation);
  if (keys.count < SHARE_FOR_REBUILD * rows) return;
  throw new RebuildPreferred(plan.model, `a batch touched ${keys.count} keys of the ${rows} rows of ${plan.model}`);
}

function rowsOf(connection: Connection, relation: MaintenancePlan['relation']): Promise<number> {
  return connection.number(`select count(*) from ${tableOf(relation)}`);
}

function tableOf({ schema, identifier }: MaintenancePlan['relation']): string {
  return qualified(schema, identifier);
}
