import { LensError } from '../core/errors.ts';
import { ident } from '../warehouse/sql.ts';
import type { Change } from './change-set.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/**
 * The change set of a view that maps each row of its one input to at most one row: its own SELECT over the rows that
 * left and over the rows that came. Nothing is stored; the SELECTs stand in the change set as subqueries.
 */
export function changeOfRowWiseView(plan: MaintenancePlan, change: Change): Change {
  if (change === 'everything') return 'everything';
  const [input] = plan.inputs;
  if (input === undefined) throw new LensError('INTERNAL', `row-wise view ${plan.model} has no input`);
  const over = (rows: string): string =>
    `(with ${ident(input.relation.identifier)} as (select * from ${rows}) select * from (\n${plan.bareSql}\n))`;
  return { rowsOut: over(change.rowsOut), rowsIn: over(change.rowsIn) };
}
