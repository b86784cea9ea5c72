import type { GatePlan } from '../maintenance/gate-plan.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { planGates, planModels, planRefusals } from '../maintenance/plan-models.ts';
import { requireNoneRefused } from '../maintenance/refused-models.ts';
import { requireNoneFaulty } from '../project/faulty-models.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { WarehouseOptions } from '../warehouse/warehouse.ts';
import { projectAnsweredBy } from './answered-project.ts';
import { askOf } from './models/template-answers.ts';
import { buildableProject } from './buildable-project.ts';
import { type InputTables, inputRelations, inputTables } from './input-tables.ts';
import type { OnModelFailure } from './models/model-failed.ts';
import { rawTables } from './raw-tables.ts';
import type { SeedSource } from './seeds/seed-tables.ts';
import { type UsableProject, usableProject } from './seeds/usable-seeds.ts';

export interface EditionOptions {
  /** As its folder has it; seeds that cannot be loaded are found at open. */
  readonly project: Project;
  readonly catalog: TopicCatalog;
  readonly warehouse: WarehouseOptions;
  /** False for a replay of decisions that have been made: data tests with `gate: true` are not asked. */
  readonly gated?: boolean;
  /** What templates have been answered is what the file keeps, where it does; else it is what the project has. */
  readonly ownAnswers?: boolean | undefined;
  /** Nothing of the project is made: for whoever only copies the file. */
  readonly asItIs?: boolean | undefined;
  /** Seeds as they are elsewhere, not as their files are now. */
  readonly seedsOf?: SeedSource;
  /** A model that fails is left behind, unless it says otherwise. */
  readonly onModelFailure?: OnModelFailure | undefined;
}

/** What is known of an edition whose file this process has just closed: it is made, and planned, already. */
export interface MadeEdition extends Omit<UsableProject, 'inputs'>, InputTables {
  readonly plans: readonly MaintenancePlan[];
  readonly gates: { readonly planned: readonly GatePlan[] };
}

/** How the models and gates of an edition are kept. */
export interface EditionPlans {
  readonly plans: readonly MaintenancePlan[];
  readonly gates: readonly GatePlan[];
}

/**
 * The project that an edition is kept by, and what it is made from. Models that cannot be built are left behind, unless a failure is to stop all:
 * then it throws what is wrong with the first of them, or planning does.
 */
export async function editionProject(
  { project: given, catalog, asItIs, seedsOf, ownAnswers, onModelFailure }: Omit<EditionOptions, 'warehouse'>,
  connection: Connection,
  made?: MadeEdition,
): Promise<UsableProject> {
  if (made !== undefined) return { ...made, inputs: made };
  const project = ownAnswers === true ? await projectAnsweredBy(askOf(connection), { project: given, catalog }) : given;
  const none = { project, whole: project, broken: new Map<string, LensError>() };
  if (asItIs === true) return { ...none, inputs: inputTables(catalog, project) };
  const usable =
    seedsOf === undefined
      ? await usableProject(project, catalog, connection)
      : { ...none, inputs: { tables: rawTables(catalog, project), seeds: seedsOf.tables } };
  if (onModelFailure !== 'stop') return buildableProject(usable);
  requireNoneFaulty(usable.whole);
  return usable;
}

/**
 * How each model and gate of a project is kept. Throws what planning throws, and what is wrong with a model that has to be kept.
 */
export async function editionPlans(
  { project, inputs }: Pick<UsableProject, 'project' | 'inputs'>,
  { asItIs, gated }: Pick<EditionOptions, 'asItIs' | 'gated'> = {},
  made?: MadeEdition,
): Promise<EditionPlans> {
  if (made !== undefined) return { plans: made.plans, gates: made.gates.planned };
  if (asItIs === true) return { plans: [], gates: [] };
  const relations = inputRelations(inputs);
  const plans = await planModels(project, relations);
  requireNoneRefused(project, await planRefusals(project, relations));
  return { plans, gates: gated === false ? [] : await planGates(project, relations) };
}
