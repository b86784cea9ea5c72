import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, onlyIn, temporary } from './change-set.ts';
import { type FreshInputs, NOTHING_FRESH } from './fresh-inputs.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { bringsOnlyKeys, restrictedInputs } from './restricted-inputs.ts';
import { collectKeys, restrictedTo, sameKey, type TouchedKeys, without } from './touched-keys.ts';
import { requireConstraints } from './constraint-check.ts';
import { requireUnique, rowsWithKeysOf } from './unique-check.ts';

/** What became of the rows of touched keys. */
export interface Applied {
  /** The rows that differ; null where nobody asks which do. */
  readonly change: ChangeSet | null;
  readonly rowsChanged: number;
}

export interface RecomputeOptions {
  readonly fresh?: FreshInputs | undefined;
  /** Whether somebody asks which rows differ (`asked-changes.ts`). */
  readonly asked?: boolean | undefined;
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
  { fresh = NOTHING_FRESH, asked = true }: RecomputeOptions = {},
): Promise<Applied | null> {
  const redone = temporary('new', plan.model);
  const work = asked ? spliced : exchanged;
  const applied = await work(connection, plan, keys, fresh, redone);
  if (applied === null) return null;
  const came = applied.change?.rowsIn ?? redone;
  // Rows that share the key by which they are redone are redone together.
  const together = plan.key.every((column) => plan.checkedKey.includes(ident(column)));
  await requireUnique(connection, plan, together ? redone : rowsWithKeysOf(plan, came));
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  await requireConstraints(connection, plan, { all: target, came });
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
  if (fresh.stored === 'none') return added(connection, target, redone, redo);
  if (fresh.stored === 'any') {
    await connection.run(redo);
    return replaced(connection, plan, keys, redone, null);
  }
  if (!fresh.stored.maybeNone) {
    await connection.run(redo);
    return replaced(connection, plan, keys, redone, { ...keys, table: `(${fresh.stored.keys})` });
  }
  const found = { ...keys, table: temporary('found', plan.model) };
  const count = await connection.number(`${redo};\n${createTemporary(found.table, fresh.stored.keys)}`);
  return count === 0 ? added(connection, target, redone) : replaced(connection, plan, keys, redone, found);
}

/** All rows of the touched keys are exchanged, without a look at those that are stored. */
async function exchanged(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  { standIns }: FreshInputs,
  redone: string,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const same = sameKey(keys, 't', 'k', plan.relation);
  const left = await connection.number(
    `${createTemporary(redone, restrictedSql(plan, keys, standIns))};
     delete from ${target} t using ${keys.table} k where ${same}`,
  );
  const came = await connection.number(`insert into ${target} select * from ${redone}`);
  return left + came === 0 ? null : { change: null, rowsChanged: left + came };
}

/** @param found the touched keys that can have stored rows; null for all of them */
function replaced(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  redone: string,
  found: TouchedKeys | null,
): Promise<Applied | null> {
  return plan.uniqueKey
    ? replaceRows(connection, plan, keys, redone, found)
    : replaceKeys(connection, plan, redone, storedRows(plan, found ?? keys));
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
 * grouping in place of two EXCEPT ALL, which number all rows. The rows of keys that are new are compared with nothing and copied nowhere
 * on their way: they are most of a batch of events.
 */
async function replaceRows(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  redone: string,
  found: TouchedKeys | null,
): Promise<Applied | null> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  const differing = temporary('out', plan.model);
  const compared = found === null ? redone : `(select f.* from ${redone} f ${restrictedTo(found, 'f')})`;
  const both = `select *, 1 as lens_sign from ${compared} union all select *, -1 from (${storedRows(plan, found ?? keys)})`;
  const signed = `select * exclude (lens_sign), sum(lens_sign) as lens_sign from (${both}) group by all having sum(lens_sign) <> 0`;
  const differ = await connection.number(createTemporary(differing, signed));
  const rows = (columns: string, sign: '<' | '>'): string =>
    `select ${columns} from ${differing} where lens_sign ${sign} 0`;
  const remove = `delete from ${target} t using (${rows(idents(plan.key), '<')}) o where ${sameKey(keys, 't', 'o', plan.relation)}`;
  const left = differ === 0 ? 0 : await connection.number(remove);
  const all = '* exclude (lens_sign)';
  const fresh = found === null ? '' : ` union all select f.* from ${redone} f ${without(found, 'f')}`;
  const rowsIn = `(${rows(all, '>')}${fresh})`;
  const came = found === null && left === differ ? 0 : await connection.number(`insert into ${target} ${rowsIn}`);
  if (left + came === 0) return null;
  return { change: { rowsOut: `(${rows(all, '<')})`, rowsIn, onlyIn: left === 0 }, rowsChanged: left + came };
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
    `delete from ${target} t using ${differing.table} k where ${sameKey(differing, 't', 'k', plan.relation)};
     insert into ${target} select f.* from ${redone} f ${restrictedTo(differing, 'f')}`,
  );
  return { change: { rowsOut, rowsIn, onlyIn: left === 0 }, rowsChanged: left + came };
}

/** What is stored for some keys. */
function storedRows({ relation }: MaintenancePlan, keys: TouchedKeys): string {
  return `select t.* from ${qualified(relation.schema, relation.identifier)} t ${restrictedTo(keys, 't', relation)}`;
}

/** The model's SELECT over inputs restricted to what the touched keys need; an outer restriction drops what that brought in beside. */
export function restrictedSql(plan: MaintenancePlan, keys: TouchedKeys, standIns: FreshInputs['standIns']): string {
  const expressions = restrictedInputs(plan, keys, standIns);
  const ctes = expressions.length === 0 ? '' : `with ${expressions.join(',\n')}\n`;
  const restriction = bringsOnlyKeys(plan, standIns) ? '' : restrictedTo(keys, 'm');
  return `${ctes}select m.* from (\n${plan.bareSql}\n) m ${restriction}`;
}
