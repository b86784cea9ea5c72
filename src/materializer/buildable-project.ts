import { LensError } from '../core/errors.ts';
import { planModels, planRefusals } from '../maintenance/plan-models.ts';
import { withFaulty } from '../project/faulty-models.ts';
import { inputRelations } from './input-tables.ts';
import { type UsableProject, withoutBroken } from './seeds/usable-seeds.ts';

/**
 * The project with those of its models found out that cannot be built: their SQL does not bind, or they are refused (refused-models.ts).
 * The others are planned, and kept. What else is wrong, with a key, a configuration of upkeep, is for whoever plans it to meet, and so is a
 * model that is required to be incremental and is not.
 */
export async function buildableProject(given: UsableProject): Promise<UsableProject> {
  const usable = await plannableProject(given);
  try {
    const refused = await planRefusals(usable.project, inputRelations(usable.inputs));
    // Who says that a model is required to be incremental wants to hear of it, and no start without it.
    const isEnd = [...refused.values()].some(({ code }) => code === 'MODEL_NOT_INCREMENTAL');
    return isEnd ? usable : withFaults(usable, refused);
  } catch (error) {
    if (error instanceof LensError) return usable;
    throw error;
  }
}

/** The same as far as SQL does not bind: refused models have plans to be shown. */
export async function plannableProject(given: UsableProject): Promise<UsableProject> {
  for (let usable = given; ;) {
    const error = await planningError(usable);
    const name = error?.code === 'MODEL_SQL_INVALID' ? error.fields['model'] : undefined;
    // a gate's SQL is that of a data test
    if (error === null || typeof name !== 'string' || !usable.whole.models.some((model) => model.name === name))
      return usable;
    usable = withFaults(usable, new Map([[name, error]]));
  }
}

function withFaults(usable: UsableProject, errors: ReadonlyMap<string, LensError>): UsableProject {
  if (errors.size === 0) return usable;
  const whole = withFaulty(usable.whole, errors);
  return { ...usable, whole, project: withoutBroken(whole, usable.broken) };
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
