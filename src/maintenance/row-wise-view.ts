import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident } from '../warehouse/sql.ts';
import { type Change, createTemporary, temporary } from './change-set.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/**
 * The change set of a view that maps each row of its one input to at most one row: its own SELECT over the rows that
 * left and over the rows that came, kept in temporary tables since several models may read it.
 */
export async function changeOfRowWiseView(
  connection: Connection,
  plan: MaintenancePlan,
  change: Change,
): Promise<Change> {
  if (change === 'everything') return 'everything';
  const [input] = plan.inputs;
  if (input === undefined) throw new LensError('INTERNAL', `row-wise view ${plan.model} has no input`);
  const over = (rows: string): string =>
    `with ${ident(input.relation.identifier)} as (select * from ${rows}) select * from (\n${plan.bareSql}\n)`;
  const mapped = { rowsOut: temporary('out', plan.model), rowsIn: temporary('in', plan.model) };
  await connection.run(
    [createTemporary(mapped.rowsOut, over(change.rowsOut)), createTemporary(mapped.rowsIn, over(change.rowsIn))].join(
      ';\n',
    ),
  );
  return { ...mapped, onlyIn: change.onlyIn };
}
