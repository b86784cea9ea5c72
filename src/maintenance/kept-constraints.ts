import { LensError, messageOf } from '../core/errors.ts';
import type { Constraint, Model, Project } from '../project/project-contract.ts';
import { PlanCatalog } from '../warehouse/plan-catalog.ts';
import { ident } from '../warehouse/sql.ts';
import type { KeptConstraint, MaintenancePlan } from './maintenance-plan.ts';

/**
 * The plans with the constraints of enforced contracts that their stored rows have to keep: as with dbt-duckdb `not_null`, `check`, `unique`
 * and `primary_key`, which is a `not_null` and a `unique`. PROJECT_INVALID for one that means nothing over the model's columns.
 *
 * @param isKept false of a model that is not kept by its plan, and gets none
 */
export async function withConstraints(
  project: Project,
  plans: readonly MaintenancePlan[],
  isKept: (plan: MaintenancePlan) => boolean,
): Promise<readonly MaintenancePlan[]> {
  const isDue = (plan: MaintenancePlan): boolean =>
    plan.strategy !== 'view' && project.model(plan.model).contract.enforced && isKept(plan);
  if (!plans.some(isDue)) return plans;
  await using catalog = await PlanCatalog.open();
  const made: MaintenancePlan[] = [];
  for (const plan of plans) {
    made.push(
      isDue(plan) ? { ...plan, constraints: await constraintsOf(catalog, project.model(plan.model), plan) } : plan,
    );
  }
  return made;
}

async function constraintsOf(
  catalog: PlanCatalog,
  model: Model,
  { columns }: MaintenancePlan,
): Promise<KeptConstraint[]> {
  const { contract } = model;
  const invalid = (what: string, cause?: unknown): LensError =>
    new LensError('PROJECT_INVALID', `the contract of model ${model.name} ${what}`, {
      place: model.describedAt ?? model.path,
      hint: cause === undefined ? 'constraints are over columns of the model' : messageOf(cause).split('\n')[0],
      cause,
    });
  const named = (name: string): string => {
    const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw invalid(`has a constraint on ${name}, which is none of its columns`);
    return found.name;
  };
  const rules = [
    ...contract.columns.flatMap(({ name, constraints }) => constraints.map((rule) => ({ ...rule, columns: [name] }))),
    ...contract.constraints,
  ];
  const relation = `(select ${columns.map(({ name, type }) => `cast(null as ${type}) as ${ident(name)}`).join(', ')})`;
  const kept: KeptConstraint[] = [];
  for (const rule of rules) {
    if (rule.type === 'check') {
      const { expression } = rule;
      if (expression === null) throw invalid('has a check without an expression');
      await catalog.describe(`select cast((${expression}) as boolean) from ${relation}`).catch((cause: unknown) => {
        throw invalid(`has a check that cannot be made: ${expression}`, cause);
      });
      kept.push({ kind: 'row', text: textOf(rule, expression), broken: `not cast((${expression}) as boolean)` });
    } else kept.push(...overColumns(rule, rule.columns.map(named)));
  }
  return kept;
}

/** None for what is not enforced. */
function overColumns(rule: Constraint, columns: readonly string[]): KeptConstraint[] {
  const text = textOf(rule, columns.join(', '));
  const filled = (): KeptConstraint[] =>
    columns.map((column) => ({ kind: 'row', text, broken: `${ident(column)} is null` }));
  if (rule.type === 'not_null') return filled();
  if (columns.length === 0) return [];
  if (rule.type === 'unique') return [{ kind: 'unique', text, columns }];
  return rule.type === 'primary_key' ? [...filled(), { kind: 'unique', text, columns }] : [];
}

/** `not_null (id)`, `check positive (id > 0)` */
function textOf({ type, name }: Constraint, what: string): string {
  return `${type}${name === null ? '' : ` ${name}`} (${what})`;
}
