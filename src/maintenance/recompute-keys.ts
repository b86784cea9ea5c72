import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, temporary } from './change-set.ts';
import { type FreshInputs, NOTHING_FRESH } from './fresh-inputs.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { deleteStored, fetchStored, findStored } from './stored-rows.ts';
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
  if (fresh.onlyNewKeys) return added(connection, target, redone, redo);
  await connection.run(redo);
  const restriction = restrictedTo(keys, 't');
  const stored = await findStored(connection, plan.model, target, restriction);
  if (stored.count === 0) return added(connection, target, redone);
  const compare = plan.distinctRows ? spliceByPlace : spliceByKey;
  return compare(connection, plan, redone, (columns) => fetchStored(columns, target, stored, restriction));
}

/** Nothing is stored for the touched keys: what was redone is all new. */
async function added(
  connection: Connection,
  target: string,
  redone: string,
  ...before: readonly string[]
): Promise<Applied | null> {
  const insert = `insert into ${target} select * from ${redone}`;
  const rows = await connection.number([...before, insert, `select count(*) from ${redone}`].join(';\n'));
  const change = { rowsOut: `(from ${redone} limit 0)`, rowsIn: redone, onlyIn: true };
  return rows === 0 ? null : { change, rowsChanged: rows };
}

/**
 * No row is there twice, so a signed count tells what left and came: one grouping in place of two EXCEPT ALL, which number
 * all rows. Each row that left brings its place along.
 */
async function spliceByPlace(
  connection: Connection,
  plan: MaintenancePlan,
  redone: string,
  stored: (columns: string) => string,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const differing = temporary('out', plan.model);
  const both = `select *, 1 as lens_sign, null::bigint as lens_place from ${redone}
    union all ${stored('t.*, -1, t.rowid')}`;
  const counts = await counted(
    connection,
    [
      createTemporary(
        differing,
        `select * exclude (lens_sign, lens_place), sum(lens_sign) as lens_sign, max(lens_place) as lens_place
         from (${both}) group by all having sum(lens_sign) <> 0`,
      ),
    ],
    `from ${differing} where lens_sign < 0`,
    `from ${differing} where lens_sign > 0`,
  );
  if (counts.out + counts.in === 0) return null;
  const rows = (sign: '<' | '>'): string =>
    `select * exclude (lens_sign, lens_place) from ${differing} where lens_sign ${sign} 0`;
  await connection.run(
    [
      ...(counts.out === 0 ? [] : [deleteStored(target, `select lens_place from ${differing} where lens_sign < 0`)]),
      ...(counts.in === 0 ? [] : [`insert into ${target} ${rows('>')}`]),
    ].join(';\n'),
  );
  const change = { rowsOut: `(${rows('<')})`, rowsIn: `(${rows('>')})`, onlyIn: counts.out === 0 };
  return { change, rowsChanged: counts.out + counts.in };
}

/** Rows may be there several times: all rows of a key that differs are deleted, and all its fresh rows inserted. */
async function spliceByKey(
  connection: Connection,
  plan: MaintenancePlan,
  redone: string,
  stored: (columns: string) => string,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const [old, out, came] = [
    temporary('old', plan.model),
    temporary('out', plan.model),
    temporary('in', plan.model),
  ] as const;
  const minus = (a: string, b: string): string => `select * from ${a} except all select * from ${b}`;
  const counts = await counted(
    connection,
    [
      createTemporary(old, stored('t.*')),
      createTemporary(out, minus(old, redone)),
      createTemporary(came, minus(redone, old)),
    ],
    `from ${out}`,
    `from ${came}`,
  );
  if (counts.out + counts.in === 0) return null;
  const columns = idents(plan.key);
  const differing = { ...plan, model: `${plan.model}_redo` };
  const redo = await collectKeys(connection, differing, [
    `select ${columns} from ${out}`,
    `select ${columns} from ${came}`,
  ]);
  if (redo === null) return null;
  const equal = redo.hasNull ? 'is not distinct from' : '=';
  const match = plan.key.map((c) => `t.${ident(c)} ${equal} k.${ident(c)}`).join(' and ');
  await connection.run(
    `delete from ${target} t using ${redo.table} k where ${match};
     insert into ${target} select f.* from ${redone} f ${restrictedTo(redo, 'f')}`,
  );
  return { change: { rowsOut: out, rowsIn: came, onlyIn: counts.out === 0 }, rowsChanged: counts.out + counts.in };
}

/** Runs statements and counts the rows of two relations, in one round trip. */
async function counted(
  connection: Connection,
  statements: readonly string[],
  out: string,
  came: string,
): Promise<{ out: number; in: number }> {
  const [row] = await connection.rows<{ out: number; in: number }>(
    [...statements, `select (select count(*) ${out}) as "out", (select count(*) ${came}) as "in"`].join(';\n'),
  );
  return row ?? { out: 0, in: 0 };
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
