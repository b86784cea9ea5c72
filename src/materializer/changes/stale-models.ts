import { stateTables } from '../../maintenance/aggregate-state.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Project } from '../../project/project-contract.ts';
import { storedFingerprint } from '../models/stored-fingerprint.ts';
import { relationId, type StoredModels } from './stored-models.ts';

/** Why a model's relation is not the one that the project asks for. */
export interface Stale {
  /**
   * `new`: the warehouse does not know it. `changed`: its SQL, configuration or plan is another. `failed`: its SQL failed on
   * data, and is tried again. `missing`: it is not there. `follows`: only what it reads is built anew.
   */
  readonly cause: 'new' | 'changed' | 'failed' | 'missing' | 'follows';
  /** What it reads of which the rows may be others, models and tables by name. */
  readonly follows: readonly string[];
}

/**
 * The models whose rows may be others than those stored, in the order of their plans: what an open of the warehouse builds,
 * and what `lens plan` says of it before.
 *
 * @param replaced tables below the models whose rows are no longer those that they were built from
 */
export function staleModels(
  project: Project,
  plans: readonly MaintenancePlan[],
  stored: StoredModels,
  replaced: ReadonlySet<string>,
): Map<string, Stale> {
  const stale = new Map<string, Stale>();
  const others = new Set(replaced);
  for (const plan of plans) {
    const follows = inputsOf(project, plan).filter((name) => others.has(name));
    const cause = ownCause(project, plan, stored) ?? (follows.length > 0 ? 'follows' : null);
    if (cause === null) continue;
    stale.set(plan.model, { cause, follows });
    // A view that is only missing gives the same rows when it is there again.
    if (cause !== 'missing' || plan.upkeep !== 'view' || follows.length > 0) others.add(plan.model);
  }
  return stale;
}

/** What a model reads: by its SQL, ephemeral models looked through, and the stored tables by its plan. */
export function inputsOf(project: Project, { model, reads }: MaintenancePlan): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const { models, sources, seeds } = project.model(name).dependsOn;
    for (const table of [...sources, ...seeds]) found.add(table);
    for (const read of models) {
      if (project.model(read).materialized === 'ephemeral') visit(read);
      else found.add(read);
    }
  };
  visit(model);
  for (const { name } of reads) found.add(name);
  return [...found];
}

function ownCause(project: Project, plan: MaintenancePlan, stored: StoredModels): Stale['cause'] | null {
  const record = stored.records.get(plan.model);
  if (record === undefined) return 'new';
  if (record.fingerprint !== storedFingerprint(project, plan)) return 'changed';
  // It has the fingerprint of the SQL that failed, and no table or that of the SQL before.
  if (record.state === 'failed') return 'failed';
  const kind = plan.upkeep === 'view' ? 'VIEW' : 'BASE TABLE';
  const tables = plan.states.flatMap(stateTables).map((identifier) => ({ schema: 'lens', identifier }));
  const there =
    stored.relations.get(relationId(plan.relation)) === kind &&
    tables.every((table) => stored.relations.get(relationId(table)) === 'BASE TABLE');
  return there ? null : 'missing';
}
