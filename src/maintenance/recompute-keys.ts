import type { Connection } from '../warehouse/connection.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, temporary } from './change-set.ts';
import type { MaintenancePlan, PlanInput } from './maintenance-plan.ts';
import { collectKeys, restrictedTo, type TouchedKeys } from './touched-keys.ts';

/** A change set with the number of rows that really differ. */
export interface Applied {
  readonly change: ChangeSet;
  readonly rowsChanged: number;
}

/**
 * Redoes a model for its touched keys: the model's own SELECT over inputs restricted to them, compared with the rows
 * stored for them, the difference spliced in. Rows recomputed to the same value stop here and touch nothing downstream.
 */
export async function recomputeKeys(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const [fresh, stored] = [temporary('new', plan.model), temporary('old', plan.model)];
  const differing = { rowsOut: temporary('out', plan.model), rowsIn: temporary('in', plan.model) };
  const [counts] = await connection.rows<{ rows_out: number; rows_in: number }>(
    [
      createTemporary(fresh, restrictedSql(plan, keys)),
      createTemporary(stored, `select t.* from ${target} t ${restrictedTo(keys, 't')}`),
      createTemporary(differing.rowsOut, `select * from ${stored} except all select * from ${fresh}`),
      createTemporary(differing.rowsIn, `select * from ${fresh} except all select * from ${stored}`),
      `select (select count(*) from ${differing.rowsOut}) as rows_out, (select count(*) from ${differing.rowsIn}) as rows_in`,
    ].join(';\n'),
  );
  if (counts === undefined || counts.rows_out + counts.rows_in === 0) return null;
  const change = { ...differing, onlyIn: counts.rows_out === 0 };
  if (change.onlyIn) await connection.run(`insert into ${target} select * from ${change.rowsIn}`);
  else await splice(connection, plan, change, fresh);
  return { change, rowsChanged: counts.rows_out + counts.rows_in };
}

/**
 * The model's SELECT with every input shadowed by a CTE of the same name: restricted to the touched keys where the input
 * carries them, to the rows that join those where its rule says how, whole otherwise (a superset is harmless). The outer
 * restriction drops what whole inputs brought in beside.
 */
export function restrictedSql(plan: MaintenancePlan, keys: TouchedKeys): string {
  const carriers = plan.inputs.filter((input) => input.touches?.kind === 'carries key');
  const others = plan.inputs.filter((input) => input.touches?.kind !== 'carries key');
  // Carriers first: the others are restricted by what is left of them.
  const shadows = [...carriers, ...others].map(
    (input) => `${ident(input.relation.identifier)} as (${shadow(input, keys, carriers)})`,
  );
  const ctes = shadows.length === 0 ? '' : `with ${shadows.join(',\n')}\n`;
  return `${ctes}select m.* from (\n${plan.bareSql}\n) m ${restrictedTo(keys, 'm')}`;
}

function shadow({ relation, touches }: PlanInput, keys: TouchedKeys, carriers: readonly PlanInput[]): string {
  const rows = `select i.* from ${qualified(relation.schema, relation.identifier)} i`;
  if (touches?.kind === 'carries key') return `${rows} ${restrictedTo(keys, 'i', touches.key)}`;
  if (touches?.kind !== 'joins through') return rows;
  if (!carriers.some((carrier) => carrier.relation.name === touches.through.name)) return rows;
  const match = touches.on.map((column, i) => `i.${ident(touches.join[i] as string)} = t.${ident(column)}`);
  return `${rows} semi join ${ident(touches.through.identifier)} t on ${match.join(' and ')}`;
}

/** A key need not be unique: all rows of a key that differs are deleted, and all its fresh rows inserted. */
async function splice(connection: Connection, plan: MaintenancePlan, change: ChangeSet, fresh: string): Promise<void> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const columns = plan.key.map(ident).join(', ');
  const differing = { ...plan, model: `${plan.model}_redo` };
  const redo = await collectKeys(connection, differing, [
    `select ${columns} from ${change.rowsOut}`,
    `select ${columns} from ${change.rowsIn}`,
  ]);
  if (redo === null) return;
  const equal = redo.hasNull ? 'is not distinct from' : '=';
  const match = plan.key.map((c) => `t.${ident(c)} ${equal} k.${ident(c)}`).join(' and ');
  await connection.run(
    `delete from ${target} t using ${redo.table} k where ${match};
     insert into ${target} select f.* from ${fresh} f ${restrictedTo(redo, 'f')}`,
  );
}
