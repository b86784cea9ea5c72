import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type Changes, type ChangeSet, createTemporary, temporary } from './change-set.ts';
import type { MaintenancePlan, PlanInput, TouchRule } from './maintenance-plan.ts';

/** The keys of one model that a batch touches, in a temporary table with the model's key columns. */
export interface TouchedKeys {
  readonly table: string;
  readonly columns: readonly string[];
  readonly count: number;
  /** Whether a key has a null in it: then only null-safe (slower) comparisons find its rows. */
  readonly hasNull: boolean;
}

/**
 * SELECTs, one per changed input, that give the touched keys of a plan (columns named as the plan's key). Old and new
 * images both count: a row that moves from one key to another touches both. Hops read the new state, which is right
 * because the hop table's own changes are mapped by its own rule.
 */
export function touchedKeyQueries(plan: MaintenancePlan, changes: Changes): string[] {
  const queries: string[] = [];
  for (const input of plan.inputs) {
    const change = changes.get(input.relation.name);
    if (change === undefined || change === 'everything' || input.touches === null) continue;
    queries.push(keysOf(plan, input, input.touches, change));
  }
  return queries;
}

function keysOf(plan: MaintenancePlan, input: PlanInput, rule: TouchRule, change: ChangeSet): string {
  if (rule.kind === 'carries key') {
    return `select ${renamed('c', rule.key, plan.key)} from (${images(change, rule.key, rule.columns)}) c`;
  }
  const matches = rule.on.map((column, i) => `o.${ident(column)} = c.${ident(rule.join[i] as string)}`).join(' and ');
  const through = qualified(rule.through.schema, rule.through.identifier);
  return `select ${renamed('o', rule.throughKey, plan.key)} from ${through} o
    semi join (${images(change, rule.join, rule.columns)}) c on ${matches}`;
}

/** The columns of old and new rows; with `read` only of rows that differ in a column the model reads. */
function images(change: ChangeSet, columns: readonly string[], read: readonly string[] | null): string {
  const list = idents(columns);
  if (change.onlyIn) return `select ${list} from ${change.rowsIn}`;
  if (read === null) return `select ${list} from ${change.rowsOut} union all select ${list} from ${change.rowsIn}`;
  const all = idents([...new Set([...columns, ...read])]);
  const minus = (a: string, b: string): string => `(select ${all} from ${a} except all select ${all} from ${b})`;
  return `select ${list} from (${minus(change.rowsOut, change.rowsIn)} union all ${minus(change.rowsIn, change.rowsOut)})`;
}

function renamed(alias: string, from: readonly string[], to: readonly string[]): string {
  return from.map((column, i) => `${alias}.${ident(column)} as ${ident(to[i] as string)}`).join(', ');
}

/** Gathers SELECTs of keys into one distinct temporary table; null when there are none. */
export async function collectKeys(
  connection: Connection,
  plan: MaintenancePlan,
  queries: readonly string[],
): Promise<TouchedKeys | null> {
  if (queries.length === 0) return null;
  const table = temporary('touched', plan.model);
  const anyNull = plan.key.map((column) => `${ident(column)} is null`).join(' or ');
  const [row] = await connection.rows<{ n: number; with_null: number }>(
    `${createTemporary(table, `select distinct * from (${queries.join(' union all ')})`)};
     select count(*) as n, count(*) filter (${anyNull}) as with_null from ${table}`,
  );
  if (row === undefined || row.n === 0) return null;
  return { table, columns: plan.key, count: row.n, hasNull: row.with_null > 0 };
}

/** `semi join keys on ...`: keeps the rows of `alias` whose `columns` are a touched key. */
export function restrictedTo(keys: TouchedKeys, alias: string, columns: readonly string[] = keys.columns): string {
  const equal = keys.hasNull ? 'is not distinct from' : '=';
  const match = columns.map((column, i) => `${alias}.${ident(column)} ${equal} k.${ident(keys.columns[i] as string)}`);
  return `semi join ${keys.table} k on ${match.join(' and ')}`;
}
