import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, onlyIn, temporary } from './change-set.ts';
import { type FreshInputs, NOTHING_FRESH } from './fresh-inputs.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { restrictedInputs } from './restricted-inputs.ts';
import { collectKeys, restrictedTo, type TouchedKeys } from './touched-keys.ts';
import { requireConstraints } from './constraint-check.ts';
import { requireUnique, rowsWithKeysOf } from './unique-check.ts';

/** A change set with the number of rows that really differ. */
export interface Applied {
  readonly change: ChangeSet;
  readonly rowsChanged: number;
}

/**
 * Redoes a model for its touched keys: the model's own SELECT over inputs restricted to them, compared with the rows
 * stored for them, the difference spliced in. Rows recomputed to the same value stop here and touch nothing downstream.
 * MODEL_KEY_NOT_UNIQUE when its `unique_key` is not, MODEL_CONSTRAINT_BROKEN.
 */
export async function recomputeKeys(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  fresh: FreshInputs = NOTHING_FRESH,
): Promise<Applied | null> {
  const redone = temporary('new', plan.model);
  const applied = await spliced(connection, plan, keys, fresh, redone);
  if (applied === null) return null;
  // Rows that share the key by which they are redone are redone together.
  const together = plan.key.every((column) => plan.checkedKey.includes(ident(column)));
  await requireUnique(connection, plan, together ? redone : rowsWithKeysOf(plan, applied.change.rowsIn));
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  await requireConstraints(connection, plan, { all: target, came: applied.change.rowsIn });
  return applied;
}

async function spliced(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  fresh: FreshInputs,
  redone: string,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
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

/** The model's SELECT over inputs restricted to what the touched keys need; the outer restriction drops what that brought in beside. */
export function restrictedSql(plan: MaintenancePlan, keys: TouchedKeys, standIns: FreshInputs['standIns']): string {
  const expressions = restrictedInputs(plan, keys, standIns);
  const ctes = expressions.length === 0 ? '' : `with ${expressions.join(',\n')}\n`;
  return `${ctes}select m.* from (\n${plan.bareSql}\n) m ${restrictedTo(keys, 'm')}`;
}
