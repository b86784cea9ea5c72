import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, onlyIn, temporary } from './change-set.ts';
import { type FreshInputs, NOTHING_FRESH } from './fresh-inputs.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { collectKeys, domainOf, leads, restrictedTo, type TouchedKeys } from './touched-keys.ts';

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
  fresh: FreshInputs = NOTHING_FRESH,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const redone = temporary('new', plan.model);
  const redo = createTemporary(redone, restrictedSql(plan, keys, fresh.standIns));
  if (fresh.carrier === 'new rows') return added(connection, target, redone, redo);
  let stored = keys;
  if (fresh.carrier === 'changed rows') {
    // Most of the keys are new: looking for the others reads nothing but keys.
    stored = { ...keys, table: temporary('found', plan.model) };
    const find = `select ${idents(plan.key, 't.')} from ${target} t ${restrictedTo(keys, 't')}`;
    const found = await connection.number(`${redo};\n${createTemporary(stored.table, find)}`);
    if (found === 0) return added(connection, target, redone);
  } else await connection.run(redo);
  const storedRows = `select t.* from ${target} t ${restrictedTo(stored, 't')}`;
  return plan.uniqueKey
    ? replaceRows(connection, plan, keys, redone, storedRows)
    : replaceKeys(connection, plan, redone, storedRows);
}

/** Nothing is stored for the touched keys: what was redone is all new. */
async function added(
  connection: Connection,
  target: string,
  redone: string,
  ...before: readonly string[]
): Promise<Applied | null> {
  const rows = await connection.number([...before, `insert into ${target} select * from ${redone}`].join(';\n'));
  return rows === 0 ? null : { change: onlyIn(redone), rowsChanged: rows };
}

/**
 * A key is of one row at most: the rows that left go, those that came are added. A signed count tells which they are: one
 * grouping in place of two EXCEPT ALL, which number all rows.
 */
async function replaceRows(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  redone: string,
  stored: string,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const differing = temporary('out', plan.model);
  const both = `select *, 1 as lens_sign from ${redone} union all select *, -1 from (${stored})`;
  const signed = `select * exclude (lens_sign), sum(lens_sign) as lens_sign from (${both}) group by all having sum(lens_sign) <> 0`;
  const rowsChanged = await connection.number(createTemporary(differing, signed));
  if (rowsChanged === 0) return null;
  const rows = (columns: string, sign: '<' | '>'): string =>
    `(select ${columns} from ${differing} where lens_sign ${sign} 0)`;
  const left = await connection.number(
    `delete from ${target} t using ${rows(idents(plan.key), '<')} o where ${sameKey(plan, keys, 'o')}`,
  );
  const all = '* exclude (lens_sign)';
  if (left < rowsChanged) await connection.run(`insert into ${target} ${rows(all, '>')}`);
  const change = { rowsOut: rows(all, '<'), rowsIn: rows(all, '>'), onlyIn: left === 0 };
  return { change, rowsChanged };
}

/** A key may be of several rows, alike even: all rows of a key that differs are deleted, and all its fresh ones inserted. */
async function replaceKeys(
  connection: Connection,
  plan: MaintenancePlan,
  redone: string,
  stored: string,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const old = temporary('old', plan.model);
  const [rowsOut, rowsIn] = [temporary('out', plan.model), temporary('in', plan.model)];
  const minus = (a: string, b: string): string => `select * from ${a} except all select * from ${b}`;
  const left = await connection.number(
    [createTemporary(old, stored), createTemporary(rowsOut, minus(old, redone))].join(';\n'),
  );
  const came = await connection.number(createTemporary(rowsIn, minus(redone, old)));
  const columns = idents(plan.key);
  const differing = await collectKeys(connection, { ...plan, model: `${plan.model}_redo` }, [
    `select ${columns} from ${rowsOut}`,
    `select ${columns} from ${rowsIn}`,
  ]);
  if (differing === null) return null;
  await connection.run(
    `delete from ${target} t using ${differing.table} k where ${sameKey(plan, differing, 'k')};
     insert into ${target} select f.* from ${redone} f ${restrictedTo(differing, 'f')}`,
  );
  return { change: { rowsOut, rowsIn, onlyIn: left === 0 }, rowsChanged: left + came };
}

function sameKey(plan: MaintenancePlan, { hasNull }: TouchedKeys, other: string): string {
  const equal = hasNull ? 'is not distinct from' : '=';
  return plan.key.map((column) => `t.${ident(column)} ${equal} ${other}.${ident(column)}`).join(' and ');
}

/**
 * The model's SELECT over inputs restricted to what the touched keys need: each input's alias is a common table
 * expression of the rows that matter to one of the places where it is read; whole, where the plan says so (a superset is
 * harmless). The outer restriction drops what that brought in beside.
 */
function restrictedSql(plan: MaintenancePlan, keys: TouchedKeys, standIns: FreshInputs['standIns']): string {
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
            domain.parent === 0 ? standIns : undefined,
          );
    expressions.push(`${name} as (${sql})`);
    return name;
  };
  for (const input of plan.inputs) {
    const standIn = standIns.get(input.relation.name);
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
