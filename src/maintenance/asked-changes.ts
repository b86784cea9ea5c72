import type { Changes } from './change-set.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/**
 * Whether the rows of a model that a batch changed have to be told from those that it only redid. Where nothing but states of its own
 * changed, all touched rows differ, as the states do, so that only its readers may ask; and of them only those of columns that the states
 * bear on: the facts that take a user's region from a dimension need not know how many facts each user has.
 */
export function asksForChanges(plan: MaintenancePlan, changes: Changes, readers: readonly MaintenancePlan[]): boolean {
  const altered = new Set<string>();
  let rows = false;
  for (const { relation } of plan.inputs.filter((input) => changes.has(input.relation.name))) {
    const state = plan.states.find((one) => one.relation.name === relation.name);
    if (state === undefined) return true;
    if (state.alters === null) rows = true;
    for (const column of state.alters ?? []) altered.add(column);
  }
  return readers.some((reader) => {
    const read = reader.strategy === 'view' ? undefined : reader.reads.find(({ name }) => name === plan.model);
    if (read === undefined) return false;
    // What a plan reads is known where it is kept by keys.
    return rows || reader.strategy !== 'recompute keys' || read.columns.some((column) => altered.has(column));
  });
}
