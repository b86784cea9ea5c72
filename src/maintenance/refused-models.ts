import { LensError } from '../core/errors.ts';
import type { Project } from '../project/project-contract.ts';
import { upkeepConfig } from '../project/upkeep-config.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { hintsOf } from './reasons.ts';

/** Why a model is not kept by keys alone, all reasons of it; empty when it is, or stores nothing. */
function whyNotIncremental({ strategy, reason, inputs }: MaintenancePlan): string[] {
  if (strategy === 'view') return [];
  if (strategy === 'rebuild') return reason === null ? [] : [reason];
  return inputs.flatMap(({ relation, whole }) =>
    whole === null ? [] : [`rebuilt when ${relation.name} changes: ${whole}`],
  );
}

/** What would be an error at start, a line a model; empty for one that is kept. */
export function refusals(project: Project, plan: MaintenancePlan): string[] {
  const unstable = nondeterminismOf(project, plan).map((call) => `${call}, and no nondeterministic: allow`);
  const rebuilt = isRequired(project, plan) ? whyNotIncremental(plan) : [];
  return [...unstable, ...rebuilt.map((why) => `incremental: required, and ${why}`)];
}

/**
 * Refuses, all of them in one error: stored models that follow something else than their records (MODEL_NONDETERMINISTIC), and
 * models with `incremental: required` that are not kept by keys (MODEL_NOT_INCREMENTAL).
 */
export function requireKeepable(project: Project, plans: readonly MaintenancePlan[]): void {
  const where = (plan: MaintenancePlan): string => `${plan.model} (${project.model(plan.model).path})`;
  const unstable = plans.flatMap((plan) => {
    const calls = nondeterminismOf(project, plan);
    return calls.length === 0 ? [] : [{ plan, line: `${where(plan)}: ${calls.join(', ')}` }];
  });
  const [first] = unstable;
  if (first !== undefined) {
    const what =
      unstable.length === 1
        ? 'a stored model follows something else than its records'
        : `${unstable.length} stored models follow something else than their records`;
    throw new LensError('MODEL_NONDETERMINISTIC', listed(what, unstable), {
      place: project.model(first.plan.model).path,
      hint: 'pass the time as a column of the event, or compute it in a view that no table reads; `+nondeterministic: allow` under `models:` in dbt_project.yml allows it for all models, which are then rebuilt at each compaction',
      fields: { models: unstable.map(({ plan }) => ({ model: plan.model, calls: plan.nondeterministic })) },
    });
  }
  const rebuilt = plans.flatMap((plan) => {
    const why = isRequired(project, plan) ? whyNotIncremental(plan) : [];
    const hints = [...new Set(why.flatMap(hintsOf))].map((hint) => `\n    hint: ${hint}`).join('');
    return why.length === 0 ? [] : [{ plan, why, line: `${where(plan)}: ${why.join('; ')}${hints}` }];
  });
  const [one] = rebuilt;
  if (one === undefined) return;
  const what = rebuilt.length === 1 ? 'a model is' : `${rebuilt.length} models are`;
  throw new LensError('MODEL_NOT_INCREMENTAL', listed(`${what} required to be incremental, and not`, rebuilt), {
    place: project.model(one.plan.model).path,
    hint: 'change the SQL as told, or say `incremental: optional` where a rebuild is meant; lens explain MODEL has the whole plan',
    fields: { models: rebuilt.map(({ plan, why }) => ({ model: plan.model, reasons: why })) },
  });
}

function listed(what: string, models: readonly { readonly line: string }[]): string {
  return [`${what}:`, ...models.map(({ line }) => `  ${line}`)].join('\n');
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
