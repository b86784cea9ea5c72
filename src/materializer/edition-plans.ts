import type { GatePlan } from '../maintenance/gate-plan.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import { planGates, planModels } from '../maintenance/planner.ts';
import { requireKeepable } from '../maintenance/refused-models.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { WarehouseOptions } from '../warehouse/warehouse.ts';
import { type InputTables, inputRelations, inputTables } from './input-tables.ts';
import type { SeedSource } from './seeds/seed-tables.ts';

export interface EditionOptions {
  readonly project: Project;
  readonly catalog: TopicCatalog;
  readonly warehouse: WarehouseOptions;
  /** False for a replay of decisions that have been made: data tests with `gate: true` are not asked. */
  readonly gated?: boolean;
  /** Nothing of the project is made: for whoever only copies the file. */
  readonly asItIs?: boolean | undefined;
  /** Seeds as they are elsewhere, not as their files are now. */
  readonly seedsOf?: SeedSource;
}

/** What is known of an edition before its file is opened. */
export interface PlannedEdition extends InputTables {
  readonly plans: readonly MaintenancePlan[];
}

/**
 * What an edition is made from, and how each model and gate is kept. Throws what planning throws, and what is wrong with a model that has to be
 * kept.
 *
 * @param planned what is known from an edition of the same project and topics
 */
export async function editionPlans(
  { project, catalog, asItIs, gated, seedsOf }: Omit<EditionOptions, 'warehouse'>,
  planned?: PlannedEdition,
): Promise<{ inputs: InputTables; plans: readonly MaintenancePlan[]; gates: readonly GatePlan[] }> {
  const { tables, seeds } = planned ?? inputTables(catalog, project);
  const inputs = { tables, seeds: seedsOf?.tables ?? seeds };
  if (asItIs === true) return { inputs, plans: [], gates: [] };
  const relations = inputRelations(inputs);
  const plans = planned?.plans ?? (await planModels(project, relations));
  requireKeepable(project, plans);
  return { inputs, plans, gates: gated === false ? [] : await planGates(project, relations) };
}
