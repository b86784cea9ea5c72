import { LensError } from '../core/errors.ts';
import { faultMessage } from '../project/faulty-models.ts';
import type { Project } from '../project/project-contract.ts';
import { upkeepConfig } from '../project/upkeep-config.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { brokenContracts } from './model-contracts.ts';
import { hintsOf } from './reasons.ts';

/** Why a model is not kept by keys alone, all reasons of it; empty when it is, or stores nothing. */
function whyNotIncremental({ strategy, reason, inputs }: MaintenancePlan): string[] {
  if (strategy === 'view') return [];
  if (strategy === 'rebuild') return reason === null ? [] : [reason];
  return inputs.flatMap(({ relation, whole }) =>
    whole === null ? [] : [`rebuilt when ${relation.name} changes: ${whole}`],
  );
}

/**
 * Why a model is refused, all reasons of it in a few words each; empty for one that is kept.
 *
 * @param refused as {@link refusedModels} says
 */
export function refusals(project: Project, plan: MaintenancePlan, refused: ReadonlyMap<string, LensError>): string[] {
  const contract = refused.get(plan.model)?.fields['inShort'];
  const unstable = nondeterminismOf(project, plan).map((call) => `${call}, and no nondeterministic: allow`);
  const rebuilt = isRequired(project, plan) ? whyNotIncremental(plan) : [];
  return [
    ...(typeof contract === 'string' ? [contract] : []),
    ...unstable,
    ...rebuilt.map((why) => `incremental: required, and ${why}`),
  ];
}

/**
 * Models, by name, that are not kept as they are: their columns are not those of their contract (MODEL_CONTRACT_BROKEN), they are stored and follow
 * something else than their records (MODEL_NONDETERMINISTIC), or have `incremental: required` and are not kept by keys (MODEL_NOT_INCREMENTAL).
 */
export async function refusedModels(
  project: Project,
  plans: readonly MaintenancePlan[],
): Promise<Map<string, LensError>> {
  const contracts = await brokenContracts(project, plans);
  const refused = new Map<string, LensError>();
  for (const plan of plans) {
    const error = contracts.get(plan.model) ?? unstable(project, plan) ?? notIncremental(project, plan);
    if (error !== null) refused.set(plan.model, error);
  }
  return refused;
}

/** Throws what is wrong with models, all of them in one error with the code of the first. */
export function requireNoneRefused(project: Project, refused: ReadonlyMap<string, LensError>): void {
  const [first] = refused.values();
  if (first === undefined || refused.size === 1) {
    if (first !== undefined) throw first;
    return;
  }
  const parts = [...refused].map(([name, error]) => {
    const hint = error.hint === undefined ? '' : `\nhint: ${error.hint}`;
    const lines = `${faultMessage(name, error)}${hint}`.split('\n').map((line) => `    ${line}`.trimEnd());
    return [`  ${name} (${project.model(name).path}): ${error.code}`, ...lines].join('\n');
  });
  throw new LensError(first.code, [`${refused.size} models cannot be kept:`, ...parts].join('\n'), {
    place: first.place,
    fields: { models: [...refused.values()].map(({ code, fields }) => ({ code, ...fields })) },
  });
}

function unstable(project: Project, plan: MaintenancePlan): LensError | null {
  const calls = nondeterminismOf(project, plan);
  if (calls.length === 0) return null;
  return new LensError(
    'MODEL_NONDETERMINISTIC',
    `model ${plan.model}: it is stored, and follows something else than its records: ${calls.join(', ')}`,
    {
      place: project.model(plan.model).path,
      hint: 'pass the time as a column of the event, or compute it in a column of a view that no table reads; `+nondeterministic: allow` under `models:` in dbt_project.yml allows it for all models, which are then rebuilt at each compaction',
      fields: { model: plan.model, calls: plan.nondeterministic },
    },
  );
}

function notIncremental(project: Project, plan: MaintenancePlan): LensError | null {
  const why = isRequired(project, plan) ? whyNotIncremental(plan) : [];
  if (why.length === 0) return null;
  const ways = [...new Set(why.flatMap(hintsOf)), 'say `incremental: optional` where a rebuild is meant'];
  return new LensError(
    'MODEL_NOT_INCREMENTAL',
    `model ${plan.model}: it is required to be incremental, and is not: ${why.join('; ')}`,
    {
      place: project.model(plan.model).path,
      hint: `${ways.join(', or ')}; lens explain ${plan.model} has the whole plan`,
      fields: { model: plan.model, reasons: why },
    },
  );
}

function isRequired(project: Project, { model }: MaintenancePlan): boolean {
  return upkeepConfig(project.model(model)).incremental === 'required';
}

/** `now()`, `current_user in the view v (models/v.sql)`. */
function nondeterminismOf(project: Project, { model, strategy, nondeterministic }: MaintenancePlan): string[] {
  if (strategy === 'view' || upkeepConfig(project.model(model)).nondeterministic === 'allow') return [];
  return nondeterministic.map(({ call, model: by }) => {
    if (by === model) return call;
    const { materialized, path } = project.model(by);
    return `${call} in the ${materialized === 'view' ? 'view' : 'ephemeral model'} ${by} (${path})`;
  });
}
