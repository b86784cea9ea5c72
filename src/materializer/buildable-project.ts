import { LensError } from '../core/errors.ts';
import { planModels } from '../maintenance/planner.ts';
import { withFaulty } from '../project/faulty-models.ts';
import { inputRelations } from './input-tables.ts';
import { type UsableProject, withoutBroken } from './seeds/usable-seeds.ts';

/**
 * The project with those of its models found out whose SQL does not bind: the others can be planned, and are kept. What else is wrong, with
 * a contract, a key, a configuration of upkeep, is for whoever plans it to meet.
 */
export async function buildableProject(given: UsableProject): Promise<UsableProject> {
  for (let usable = given; ;) {
    const error = await planningError(usable);
    const name = error?.code === 'MODEL_SQL_INVALID' ? error.fields['model'] : undefined;
    // a gate's SQL is that of a data test
    if (error === null || typeof name !== 'string' || !usable.whole.models.some((model) => model.name === name))
      return usable;
    const whole = withFaulty(usable.whole, new Map([[name, error]]));
    usable = { ...usable, whole, project: withoutBroken(whole, usable.broken) };
  }
}

/** The plans are not made again when they are asked for. */
async function planningError({ project, inputs }: UsableProject): Promise<LensError | null> {
  try {
    await planModels(project, inputRelations(inputs));
    return null;
  } catch (error) {
    if (error instanceof LensError) return error;
    throw error;
  }
}
