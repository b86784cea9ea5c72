import { planGates, planModels, planRefusals } from '../maintenance/plan-models.ts';
import { refusals } from '../maintenance/refused-models.ts';
import { inputRelations } from '../materializer/input-tables.ts';
import type { UsableProject } from '../materializer/seeds/usable-seeds.ts';
import type { ModelSeen } from './models-seen.ts';
import { type ExplainedPlan, explainedGates, planHints } from './plan-text.ts';

/**
 * The plans of a project with what else is told of them, in the order of its models.
 *
 * @param seen what the warehouse knows of each model; null when there is none
 */
export async function explainedPlans(
  { project, whole, inputs }: UsableProject,
  seen: ReadonlyMap<string, ModelSeen> | null,
): Promise<ExplainedPlan[]> {
  const raw = inputRelations(inputs);
  const plans = await planModels(project, raw);
  const gates = await planGates(project, raw);
  const refused = await planRefusals(project, raw);
  return plans.map((plan) => ({
    ...plan,
    hints: planHints(plan),
    refused: refusals(whole, plan, refused),
    gates: explainedGates(gates, whole.model(plan.model)),
    asked: whole.asked.get(plan.model) ?? [],
    ...(seen?.get(plan.model) ?? { cost: null, failure: null }),
  }));
}
