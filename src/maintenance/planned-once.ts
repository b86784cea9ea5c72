import type { Project } from '../project/project-contract.ts';
import type { GatePlan } from './gate-plan.ts';
import { withConstraints } from './kept-constraints.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { requireContracts } from './model-contracts.ts';
import type { RawRelation } from './planner.ts';
import { keepsColumns } from './schema-change.ts';

/** All that is planned of a project. */
export interface Planned {
  readonly plans: MaintenancePlan[];
  readonly gates: GatePlan[];
}

const last = new WeakMap<Project, { readonly raw: string; readonly planned: Promise<Planned> }>();

/**
 * Models keep their contracts, or there is no plan. A full refresh and a second start in one process ask again, and the answer is
 * a function of the arguments.
 */
export function plannedOnce(
  project: Project,
  raw: readonly RawRelation[],
  plan: (project: Project, raw: readonly RawRelation[]) => Promise<Planned>,
): Promise<Planned> {
  const text = JSON.stringify(raw);
  const known = last.get(project);
  if (known?.raw === text) return known.planned;
  const planned = plan(project, raw).then(async (made) => {
    await requireContracts(project, made.plans);
    const plans = made.plans.map((one) => ({ ...one, keepsColumns: keepsColumns(project.model(one.model)) }));
    return { ...made, plans: await withConstraints(project, plans) };
  });
  last.set(project, { raw: text, planned });
  return planned;
}
