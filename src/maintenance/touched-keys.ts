import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type Changes, type ChangeSet, createTemporary, temporary } from './change-set.ts';
import type { InputUse, MaintenancePlan, PlanDomain, Relation } from './maintenance-plan.ts';

/**
 * Tables, as `"schema"."table"`, with so few rows that no index of their keys pays. DuckDB hands up to 2,048 keys of a join by `=` to the
 * scan as a list, as an index wants it (warehouse.ts); without one, testing each row against hundreds of keys takes longer than
 * joining them: of 200,000 rows those of 1,000 keys are fetched in 10 ms by `=`, and in 4 by a null-safe comparison, of which it hands
 * over nothing. A few keys are found faster by the list (DuckDB 1.5.6).
 */
export type SmallTables = ReadonlySet<string>;
const FEW_KEYS = 100;
const NONE: SmallTables = new Set();
const NULL_SAFE = 'is not distinct from';

/** Of the small tables those in which a number of keys is better found without their list. */
export function scannedFor(count: number, small: SmallTables): SmallTables {
  return count > FEW_KEYS ? small : NONE;
}

/** The keys of one model that a batch touches, in a temporary table with the model's key columns. */
export interface TouchedKeys {
  readonly table: string;
  readonly columns: readonly string[];
  readonly count: number;
  /** Whether a key has a null in it: then only null-safe comparisons find its rows. */
  readonly hasNull: boolean;
  /** Tables in which so many keys are found by reading all of theirs. */
  readonly scanned: SmallTables;
}

/**
 * SELECTs, one for each place where the model reads a changed input, that give the touched keys of a plan (columns
 * named as the plan's key), some more than once. Old and new images both count: a row that moves from one key to another touches both.
 * Lookups read the new state, which is right because the changes of the tables they read are mapped by uses of their own.
 */
export function touchedKeyQueries(plan: MaintenancePlan, changes: Changes): string[] {
  const queries: string[] = [];
  for (const { relation, uses } of plan.inputs) {
    const change = changes.get(relation.name);
    if (change === undefined || change === 'everything') continue;
    for (const use of uses) queries.push(keysOf(plan, use, change));
  }
  return queries;
}

/** Whether a change may touch any row of the model, so that only a rebuild is sure. */
export function reachesAll(plan: MaintenancePlan, changes: Changes): boolean {
  return plan.inputs.some(({ relation, whole }) => {
    const change = changes.get(relation.name);
    return change === 'everything' || (change !== undefined && (whole !== null || plan.strategy === 'rebuild'));
  });
}

function keysOf(plan: MaintenancePlan, use: InputUse, change: ChangeSet): string {
  let domain = domainOf(plan, use.domain);
  let values = `select ${named(use.values)} from (${images(change, use)}) i`;
  while (domain.parent !== null) {
    const own = values;
    values = leads(domain, () => own, 'own', 'leadsTo');
    domain = domainOf(plan, domain.parent);
  }
  return `select ${plan.key.map((column, at) => `k${at} as ${ident(column)}`).join(', ')} from (${values})`;
}

/**
 * The values that a domain's lookup leads to from `values` (columns k0, k1, ...): from its own to its parent's, or back.
 * Rows of `standIns` are read in place of the tables of these names, all of them: they are few, and need not be looked for.
 * Null-safe, since the partitions of a window may be null; where a join made the domain, nulls find nothing anyway.
 */
export function leads(
  domain: PlanDomain,
  values: () => string,
  from: 'own' | 'leadsTo',
  to: 'own' | 'leadsTo',
  standIns: ReadonlyMap<string, string> = new Map(),
): string {
  const found = domain.hops.map((hop) => {
    const standIn = standIns.get(hop.relation.name);
    if (standIn !== undefined) return `select distinct ${named(hop[to])} from ${standIn} i`;
    const match = hop[from].map((value, at) => `${value} is not distinct from v.k${at}`).join(' and ');
    const table = qualified(hop.relation.schema, hop.relation.identifier);
    return `select distinct ${named(hop[to])} from ${table} i semi join (${values()}) v on ${match}`;
  });
  return found.join(' union ');
}

export function domainOf(plan: MaintenancePlan, id: number): PlanDomain {
  const domain = plan.domains[id];
  if (domain === undefined) throw new LensError('INTERNAL', `plan of ${plan.model} has no domain ${id}`);
  return domain;
}

function named(values: readonly string[]): string {
  return values.map((value, at) => `${value} as k${at}`).join(', ');
}

/** Old and new rows, cut to the columns read: only those that differ in one of them. */
function images(change: ChangeSet, { columns, everyColumn }: InputUse): string {
  const list = columns.length === 0 ? '*' : idents(columns);
  if (change.onlyIn) return `select ${list} from ${change.rowsIn}`;
  // A changed row differs in some column, so there is nothing to find out (and a row too many is harmless).
  if (everyColumn || columns.length === 0) {
    return `select ${list} from ${change.rowsIn} union all select ${list} from ${change.rowsOut}`;
  }
  // By a signed count, each row once: EXCEPT ALL numbers all rows of both sides and costs several times as much.
  return `select ${list} from (
      select ${list}, 1 as lens_sign from ${change.rowsIn} union all select ${list}, -1 from ${change.rowsOut}
    ) group by all having sum(lens_sign) <> 0`;
}

/** Gathers SELECTs of keys into one distinct temporary table; null when there are none. */
export async function collectKeys(
  connection: Connection,
  plan: MaintenancePlan,
  queries: readonly string[],
  small: SmallTables = NONE,
): Promise<TouchedKeys | null> {
  if (queries.length === 0) return null;
  const table = temporary('touched', plan.model);
  const isNull = plan.key.map((column) => `${ident(column)} is null`).join(' or ');
  const keys = `select distinct * from (${queries.join(' union all ')})`;
  // A null names no row where the key has none.
  const rows = plan.keyNeverNull ? `${keys} where not (${isNull})` : keys;
  const count = await connection.number(createTemporary(table, rows));
  if (count === 0) return null;
  const hasNull = !plan.keyNeverNull && (await connection.number(`select count(*) from ${table} where ${isNull}`)) > 0;
  return { table, columns: plan.key, count, hasNull, scanned: scannedFor(count, small) };
}

/** `semi join keys on ...`: keeps the rows of `alias` whose key is a touched one; `of` is the stored table they are of. */
export function restrictedTo(keys: TouchedKeys, alias: string, of?: Relation): string {
  return `semi join ${keys.table} k on ${sameKey(keys, alias, 'k', of)}`;
}

/** `anti join keys on ...`: the other rows of `alias`. */
export function without(keys: TouchedKeys, alias: string): string {
  return `anti join ${keys.table} k on ${sameKey(keys, alias, 'k')}`;
}

/** The condition that a row of `alias` has the key of a row of `other`, where both have the columns of the key. */
export function sameKey(keys: TouchedKeys, alias: string, other: string, of?: Relation): string {
  const equal = equals(keys, of);
  return keys.columns.map((column) => `${alias}.${ident(column)} ${equal} ${other}.${ident(column)}`).join(' and ');
}

/** How keys are compared with those of a stored table, or of rows at hand. */
export function equals({ hasNull, scanned }: TouchedKeys, of?: Relation): string {
  return hasNull || (of !== undefined && scanned.has(qualified(of.schema, of.identifier))) ? NULL_SAFE : '=';
}
