import type { Connection } from '../warehouse/connection.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, temporary } from './change-set.ts';
import type { FreshInputs } from './fresh-inputs.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { collectKeys, domainOf, leads, restrictedTo, type TouchedKeys } from './touched-keys.ts';

const NONE: FreshInputs = new Map();

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
  fresh: FreshInputs = NONE,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const [redone, stored] = [temporary('new', plan.model), temporary('old', plan.model)];
  const { statements, rowsOut, rowsIn } = difference(plan, redone, stored);
  const [counts] = await connection.rows<{ rows_out: number; rows_in: number }>(
    [
      createTemporary(redone, restrictedSql(plan, keys, fresh)),
      createTemporary(stored, `select t.* from ${target} t ${restrictedTo(keys, 't')}`),
      ...statements,
      `select (select count(*) from ${rowsOut}) as rows_out, (select count(*) from ${rowsIn}) as rows_in`,
    ].join(';\n'),
  );
  if (counts === undefined || counts.rows_out + counts.rows_in === 0) return null;
  const change = { rowsOut, rowsIn, onlyIn: counts.rows_out === 0 };
  if (change.onlyIn) await connection.run(`insert into ${target} select * from ${change.rowsIn}`);
  else await splice(connection, plan, change, redone);
  return { change, rowsChanged: counts.rows_out + counts.rows_in };
}

/** Statements that find the rows that left and came, as multisets. */
function difference(
  plan: MaintenancePlan,
  fresh: string,
  stored: string,
): { statements: string[]; rowsOut: string; rowsIn: string } {
  const [out, came] = [temporary('out', plan.model), temporary('in', plan.model)];
  if (!plan.distinctRows) {
    const minus = (a: string, b: string): string => `select * from ${a} except all select * from ${b}`;
    const statements = [createTemporary(out, minus(stored, fresh)), createTemporary(came, minus(fresh, stored))];
    return { statements, rowsOut: out, rowsIn: came };
  }
  // No row is there twice, so a signed count tells: one grouping in place of two EXCEPT ALL, which number all rows.
  const both = `select *, 1 as lens_sign from ${fresh} union all select *, -1 from ${stored}`;
  const signed = `select * exclude (lens_sign), sum(lens_sign) as lens_sign from (${both}) group by all having sum(lens_sign) <> 0`;
  return {
    statements: [createTemporary(out, signed)],
    rowsOut: `(select * exclude (lens_sign) from ${out} where lens_sign < 0)`,
    rowsIn: `(select * exclude (lens_sign) from ${out} where lens_sign > 0)`,
  };
}

/**
 * The model's SELECT over inputs restricted to what the touched keys need: each input's alias is a common table
 * expression of the rows that matter to one of the places where it is read; whole, where the plan says so (a superset is
 * harmless). The outer restriction drops what that brought in beside.
 */
function restrictedSql(plan: MaintenancePlan, keys: TouchedKeys, fresh: FreshInputs): string {
  const domains = new Map<number, string>();
  const expressions: string[] = [];
  /** The name of a common table expression with the values of a domain that the touched keys need. */
  const valuesOf = (id: number): string => {
    const name = domains.get(id) ?? `lens_values_${id}`;
    if (domains.has(id)) return name;
    domains.set(id, name);
    const domain = domainOf(plan, id);
    const sql =
      domain.parent === null
        ? `select ${keys.columns.map((column, at) => `${ident(column)} as k${at}`).join(', ')} from ${keys.table}`
        : leads(
            domain,
            `select * from ${valuesOf(domain.parent)}`,
            'leadsTo',
            'own',
            domain.parent === 0 ? fresh : NONE,
          );
    expressions.push(`${name} as (${sql})`);
    return name;
  };
  for (const input of plan.inputs) {
    const standIn = fresh.get(input.relation.name);
    if (standIn !== undefined) {
      expressions.push(`${ident(input.alias)} as (from ${standIn})`);
      continue;
    }
    const rows = `select i.* from ${qualified(input.relation.schema, input.relation.identifier)} i`;
    const restrictions = input.uses.map(({ domain, values }) => {
      const equal = domain === 0 && !keys.hasNull ? '=' : 'is not distinct from';
      const match = values.map((value, at) => `${value} ${equal} v.k${at}`).join(' and ');
      return { from: valuesOf(domain), match };
    });
    expressions.push(`${ident(input.alias)} as (${input.whole === null ? restricted(rows, restrictions) : rows})`);
  }
  const ctes = expressions.length === 0 ? '' : `with ${expressions.join(',\n')}\n`;
  return `${ctes}select m.* from (\n${plan.bareSql}\n) m ${restrictedTo(keys, 'm')}`;
}

/** Rows that match any of the restrictions, each row once. */
function restricted(rows: string, restrictions: readonly { from: string; match: string }[]): string {
  const [first, ...others] = [...new Map(restrictions.map((one) => [`${one.from} ${one.match}`, one])).values()];
  if (first === undefined) return `${rows} where false`;
  if (others.length === 0) return `${rows} semi join ${first.from} v on ${first.match}`;
  const any = [first, ...others].map(({ from, match }) => `exists (from ${from} v where ${match})`);
  return `${rows} where ${any.join(' or ')}`;
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
