import { LensError } from '../core/errors.ts';
import type { Model, Project, SourceTable } from '../project/project-contract.ts';
import { bare, compile, qualified } from '../project/compile.ts';
import type { MaintenancePlan, PlanInput, Relation, TouchRule } from './maintenance-plan.ts';
import { readDeclaration, type Declaration, type DeclaredTouch } from './declaration.ts';

/**
 * Plans every model of a project, in dependency order, from what its config declares (`meta: row_wise, upkeep, key,
 * touched_by`). What is not declared is not guessed: the model is rebuilt by compaction, with the reason.
 */
export function planModels(project: Project): MaintenancePlan[] {
  const plans = new Map<string, MaintenancePlan>();
  for (const model of project.models) {
    if (model.materialized === 'ephemeral') continue;
    plans.set(model.name, planModel(project, model, plans));
  }
  return [...plans.values()];
}

function planModel(project: Project, model: Model, plans: ReadonlyMap<string, MaintenancePlan>): MaintenancePlan {
  const declared = readDeclaration(model);
  const inputs = inputsOf(project, model).map((relation) => ({
    relation,
    touches: touchRule(project, model, declared, relation, plans),
  }));
  const base = {
    model: model.name,
    relation: { name: model.name, schema: model.schema, identifier: model.alias },
    inputs,
    fullSql: compile(project, model, qualified),
    bareSql: compile(project, model, bare),
  };
  if (model.materialized === 'view') {
    const rowWise = declared.rowWise && inputs.length === 1;
    const reason = rowWise ? null : 'not declared row_wise over one input: models that read it are rebuilt';
    return { ...base, strategy: rowWise ? 'row-wise view' : 'view', upkeep: 'view', key: [], reason };
  }
  const rebuildReason = whyRebuild(declared, inputs, plans);
  const compactedInput = inputs.find((input) => plans.get(input.relation.name)?.upkeep === 'compaction');
  const upkeepReason =
    declared.upkeep === 'compaction'
      ? 'declared upkeep: compaction'
      : compactedInput === undefined
        ? null
        : `reads ${compactedInput.relation.name}, which is kept by compaction`;
  return {
    ...base,
    strategy: rebuildReason === null ? 'recompute keys' : 'rebuild',
    upkeep: rebuildReason === null && upkeepReason === null ? 'batch' : 'compaction',
    key: rebuildReason === null ? declared.key : [],
    reason: rebuildReason ?? upkeepReason,
  };
}

function whyRebuild(
  declared: Declaration,
  inputs: readonly PlanInput[],
  plans: ReadonlyMap<string, MaintenancePlan>,
): string | null {
  if (declared.key.length === 0) return 'no key declared (meta.key or unique_key)';
  for (const { relation, touches } of inputs) {
    if (touches === null) return `no touched_by rule for its input ${relation.name}`;
    if (plans.get(relation.name)?.strategy === 'view') return `the changes of its input ${relation.name} are not known`;
  }
  return null;
}

/** The relations a model reads, with those of the ephemeral models that are inlined into it. */
function inputsOf(project: Project, model: Model): Relation[] {
  const found = new Map<string, Relation>();
  const visit = (at: Model): void => {
    for (const name of at.dependsOn.sourceNames) {
      const source = sourceOf(project, name);
      found.set(source.table, { name: source.table, schema: source.schema, identifier: source.table });
    }
    for (const name of at.dependsOn.models) {
      const input = project.model(name);
      if (input.materialized === 'ephemeral') visit(input);
      else found.set(name, { name, schema: input.schema, identifier: input.alias });
    }
  };
  visit(model);
  return [...found.values()];
}

function sourceOf(project: Project, name: string): SourceTable {
  const source = project.sources.find((s) => `${s.sourceName}.${s.name}` === name);
  if (source === undefined) throw new LensError('INTERNAL', `source table ${name} is not in the project`);
  return source;
}

function touchRule(
  project: Project,
  model: Model,
  declared: Declaration,
  relation: Relation,
  plans: ReadonlyMap<string, MaintenancePlan>,
): TouchRule | null {
  const touch = declared.touchedBy.get(relation.name);
  if (touch === undefined) return null;
  if ('key' in touch) return { kind: 'carries key', key: touch.key, columns: touch.columns };
  const carrier = declared.touchedBy.get(touch.through);
  if (carrier === undefined || !('key' in carrier)) {
    throw declarationError(model, `through: ${touch.through} must itself be listed with a key`);
  }
  return { kind: 'joins through', ...hop(project, touch, plans), throughKey: carrier.key };
}

function hop(
  project: Project,
  touch: Extract<DeclaredTouch, { through: string }>,
  plans: ReadonlyMap<string, MaintenancePlan>,
): { join: readonly string[]; on: readonly string[]; through: Relation; columns: readonly string[] | null } {
  const through = plans.get(touch.through)?.relation;
  const { join, on, columns } = touch;
  if (through !== undefined) return { join, on, columns, through };
  const source = sourceOf(project, touch.through);
  return { join, on, columns, through: { name: source.table, schema: source.schema, identifier: source.table } };
}

function declarationError(model: Model, problem: string): LensError {
  return new LensError('PROJECT_INVALID', `meta of model ${model.name}: ${problem}`, {
    place: model.path,
    hint: 'docs/upkeep.md lists the form of meta.touched_by',
  });
}
