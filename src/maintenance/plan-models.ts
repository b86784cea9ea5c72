import type { LensError } from '../core/errors.ts';
import type { Project } from '../project/project-contract.ts';
import { type GatePlan, gatePlan, gatesOf } from './gate-plan.ts';
import { withConstraints } from './kept-constraints.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { Planner, type RawRelation } from './planner.ts';
import { refusedModels } from './refused-models.ts';
import { keepsColumns } from './schema-change.ts';

/** All that is planned of a project. */
interface Planned {
  readonly plans: readonly MaintenancePlan[];
  readonly gates: readonly GatePlan[];
  readonly refused: ReadonlyMap<string, LensError>;
}

const last = new WeakMap<Project, { readonly raw: string; readonly planned: Promise<Planned> }>();

/**
 * Plans every model of a project, in dependency order, from the bound plan of its SELECT: how a change of each table it
 * reads reaches its rows; one that waits has no plan. Views and ephemeral models are looked through. What is not understood is not guessed at: the
 * model is rebuilt by compaction, with the reason.
 *
 * MODEL_SQL_INVALID when a model does not bind, with DuckDB's message and the model's file; PROJECT_INVALID for a configuration of
 * upkeep that means nothing.
 */
export async function planModels(project: Project, raw: readonly RawRelation[]): Promise<readonly MaintenancePlan[]> {
  return (await plannedOnce(project, raw)).plans;
}

/** The plans of a project's gates, the data tests with `gate: true` that can fail, in the order of the project. Throws as {@link planModels}. */
export async function planGates(project: Project, raw: readonly RawRelation[]): Promise<readonly GatePlan[]> {
  return (await plannedOnce(project, raw)).gates;
}

/** Models, by name, that have a plan and are not to be kept by it, as {@link refusedModels} says. Throws as {@link planModels}. */
export async function planRefusals(
  project: Project,
  raw: readonly RawRelation[],
): Promise<ReadonlyMap<string, LensError>> {
  return (await plannedOnce(project, raw)).refused;
}

/** A full refresh and a second start in one process ask again, and the answer is a function of the arguments. */
function plannedOnce(project: Project, raw: readonly RawRelation[]): Promise<Planned> {
  const text = JSON.stringify(raw);
  const known = last.get(project);
  if (known?.raw === text) return known.planned;
  const planned = planAll(project, raw);
  last.set(project, { raw: text, planned });
  return planned;
}

async function planAll(project: Project, raw: readonly RawRelation[]): Promise<Planned> {
  await using planner = await Planner.over(project, raw);
  const gates: GatePlan[] = [];
  for (const test of gatesOf(project)) {
    gates.push(gatePlan(project, planner.plans, test, await planner.addTest(test)));
  }
  const plans = planner.plans.map((one) => ({ ...one, keepsColumns: keepsColumns(project.model(one.model)) }));
  const refused = await refusedModels(project, plans);
  // a constraint may be on a column that the contract has and the SELECT has not
  const isKept = ({ model }: MaintenancePlan): boolean => refused.get(model)?.code !== 'MODEL_CONTRACT_BROKEN';
  return { plans: await withConstraints(project, plans, isKept), gates, refused };
}
