import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Difference, ModelChange, RelationName } from './change-plan.ts';
import { definitionDifferences } from './definition-differences.ts';
import type { ModelDefinition } from './model-definition.ts';
import { renamedModels } from './renamed-models.ts';
import type { Stale } from './stale-models.ts';
import { type LeftRelation, relationId, type StoredModels } from './stored-models.ts';

/** A change before anybody has looked at rows and costs. */
export type BareChange = Omit<ModelChange, 'rows' | 'milliseconds' | 'recordsBehind' | 'data'>;

/**
 * What becomes of models, as it is told before and after: those that are built in their order, then the relations that are left. A model
 * that is left out is no change: its table stays.
 *
 * @param definitions of the project's models
 */
export function modelChanges(
  project: Project,
  plans: readonly MaintenancePlan[],
  definitions: ReadonlyMap<string, ModelDefinition>,
  stored: StoredModels,
  stale: ReadonlyMap<string, Stale>,
  left: readonly LeftRelation[],
): BareChange[] {
  const before = new Map([...stored.definitions].filter(([model]) => !definitions.has(model)));
  const fresh = new Map([...definitions].filter(([model]) => stale.get(model)?.cause === 'new'));
  const renamed = renamedModels(fresh, before);
  const built = plans.flatMap((plan): BareChange[] => {
    const why = stale.get(plan.model);
    const definition = definitions.get(plan.model);
    if (why === undefined || definition === undefined) return [];
    const was = stored.definitions.get(plan.model);
    return [
      {
        name: plan.model,
        kind: plan.upkeep === 'view' ? 'view' : 'table',
        cause: why.cause,
        relation: nameOf(definition),
        before: there(stored, stored.definitions.get(renamed.get(plan.model) ?? plan.model) ?? definition),
        renamed: renamed.get(plan.model) ?? null,
        differences: why.cause === 'changed' ? definitionDifferences(was, definition).map(refusing(plan)) : [],
        follows: why.follows,
      },
    ];
  });
  const becameOf = new Map([...renamed].map(([now, before]) => [before, now]));
  const gone = left.filter(({ model }) => !project.leftOut.has(model));
  const dropped = gone.map((one): BareChange => ({
    name: one.model,
    kind: stored.relations.get(relationId(one)) === 'VIEW' ? 'view' : 'table',
    cause: 'removed',
    relation: nameOf(one),
    before: nameOf(one),
    // its own name where it only writes elsewhere
    renamed: definitions.has(one.model) ? one.model : (becameOf.get(one.model) ?? null),
    differences: [],
    follows: [],
  }));
  return [...built, ...dropped];
}

/** Says of other columns that they are refused, where the model's table keeps those that it has. */
function refusing({ keepsColumns }: MaintenancePlan): (difference: Difference) => Difference {
  return (difference) =>
    keepsColumns && difference.part === 'columns' && !difference.reordered
      ? { ...difference, refused: true }
      : difference;
}

function nameOf({ schema, identifier }: RelationName): RelationName {
  return { schema, identifier };
}

function there(stored: StoredModels, relation: RelationName): RelationName | null {
  return stored.relations.has(relationId(relation)) ? nameOf(relation) : null;
}
