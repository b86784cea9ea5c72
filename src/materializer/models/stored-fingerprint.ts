import { createHash } from 'node:crypto';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import { fingerprint } from '../../project/fingerprint.ts';
import type { Project } from '../../project/project-contract.ts';

/**
 * What a model's table, and what is kept beside it, follow from: its SQL and configuration, and of its plan the columns and
 * the key. These may change although the model does not: a topic brings a column that `select *` takes, or another key.
 */
export function storedFingerprint(project: Project, plan: MaintenancePlan): string {
  const { model, columns, key, strategy, upkeep, checkedKey, constraints } = plan;
  const parts = [
    fingerprint(project, project.model(model)),
    columns,
    key,
    strategy,
    upkeep,
    checkedKey,
    ...constraints,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
