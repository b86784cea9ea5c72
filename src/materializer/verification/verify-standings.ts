import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { type ModelRecord, readModelRecords } from '../models/model-states.ts';
import type { ModelState } from '../operations.ts';
import { modelStatuses } from '../status/status.ts';
import { storedFingerprint } from '../models/stored-fingerprint.ts';

/** Where a stored model stands when it is verified. */
export interface Standing {
  readonly plan: MaintenancePlan;
  readonly state: ModelState;
  /** Null when its table is not there. */
  readonly rows: number | null;
  /** Why its rows cannot be compared with any; null when they can be at its own checkpoint. */
  readonly problem: string | null;
  readonly recordsBehind: number;
  /** Next offsets by `topic/partition` of its own checkpoint; null when it stands at that of the warehouse. */
  readonly checkpoint: ReadonlyMap<string, number> | null;
}

/** The stored models of a project in dependency order. */
export async function standingsOf(
  connection: Connection,
  project: Project,
  plans: readonly MaintenancePlan[],
): Promise<Standing[]> {
  const statuses = await modelStatuses(connection, plans, project);
  const records = await readModelRecords(connection);
  const checkpoints = await ownCheckpoints(connection);
  const standings: Standing[] = [];
  for (const [at, plan] of plans.entries()) {
    const status = statuses[at];
    if (plan.upkeep === 'view' || status === undefined) continue;
    standings.push({
      plan,
      state: status.state,
      rows: status.rows,
      problem: problemOf(project, plan, records.get(plan.model)),
      recordsBehind: status.recordsBehind,
      checkpoint: status.recordsBehind > 0 ? (checkpoints.get(plan.model) ?? new Map()) : null,
    });
  }
  return standings;
}

function problemOf(project: Project, plan: MaintenancePlan, record: ModelRecord | undefined): string | null {
  if (record === undefined) return 'not built yet; lens run builds it';
  if (record.fingerprint !== storedFingerprint(project, plan)) {
    return 'its SQL or config changed since it was built; lens run builds it anew';
  }
  if (record.state === 'failed') return `failed: ${record.error ?? 'its SQL failed on data'}`;
  const [unstable] = plan.nondeterministic;
  if (unstable !== undefined) return `${unstable.call} gives another value each time`;
  return null;
}

async function ownCheckpoints(connection: Connection): Promise<Map<string, Map<string, number>>> {
  const rows = await connection.rows<{ model: string; topic: string; partition: number; nextOffset: number }>(
    'select model, topic, partition, next_offset as "nextOffset" from lens.model_checkpoint',
  );
  const found = new Map<string, Map<string, number>>();
  for (const { model, topic, partition, nextOffset } of rows) {
    const own = found.get(model) ?? new Map<string, number>();
    found.set(model, own.set(`${topic}/${partition}`, nextOffset));
  }
  return found;
}

/** The selected models with all that they are made from. */
export function withUpstream(plans: readonly MaintenancePlan[], selected: ReadonlySet<string>): Set<string> {
  const wanted = new Set(selected);
  // Dependency order: from the end, readers come before what they read.
  for (const plan of plans.toReversed()) {
    if (wanted.has(plan.model)) for (const { name } of plan.reads) wanted.add(name);
  }
  return wanted;
}
