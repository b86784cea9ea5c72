import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import { type Changes, type ChangeSet, createTemporary, temporary } from './change-set.ts';
import type { AggregateState, Relation, StateBranch, StateLookup, StateScan } from './maintenance-plan.ts';

/**
 * How the rows that a state aggregates change. A branch B follows its main table row by row, so with its lookups D before (D⁻)
 * and after the change (D⁺)
 *
 *     rows that came  =  B(main rows that came, D⁺) + B(touched, D⁺)
 *     rows that left  =  B(main rows that left, D⁻) + B(touched, D⁻)
 *
 * where `touched` are main rows that stayed, and to which a changed row of a lookup can matter. More of them do no harm: theirs
 * come and leave alike. All that came is there afterwards, and all that left was before, as extremes need it.
 */

/** The rows of one branch over the tables as they are, or with other rows in place of its main table. */
export function branchRows(branch: StateBranch, mainRows: string = tableOf(branch.main)): string {
  return rowsOver(branch, mainRows, tableOf);
}

/** The rows of all branches over the tables as they are. */
export function allRows({ branches }: AggregateState): string {
  return branches.map((branch) => `(${branchRows(branch)})`).join(' union all ');
}

/** Statements to run, then a SELECT of the rows with `sign` 1 for what came and -1 for what left. */
export interface SignedRows {
  readonly statements: readonly string[];
  readonly sql: string;
}

/** The change of the rows that a state aggregates; null where nothing changed that it reads. */
export async function signedRows(
  connection: Connection,
  state: AggregateState,
  changes: Changes,
): Promise<SignedRows | null> {
  const changed = await changedLookups(connection, state, changes);
  const statements: string[] = [];
  const terms: string[] = [];
  for (const [at, branch] of state.branches.entries()) {
    const before = (scan: StateScan): string => rowsBefore(scan, branch.lookups, changed);
    const add = (sign: 1 | -1, mainRows: string): void => {
      const rows = rowsOver(branch, mainRows, sign === 1 ? tableOf : before);
      terms.push(`select *, ${sign} as sign from (${rows})`);
    };
    const change = changeOf(changes, branch.main.relation);
    if (change !== null) add(1, change.rowsIn);
    if (change !== null && !change.onlyIn) add(-1, change.rowsOut);
    const touched = touchedRows(branch, changed);
    if (touched === null) continue;
    const table = temporary('touched', `${state.relation.name}_main_${at}`);
    statements.push(createTemporary(table, change === null ? touched : stayed(branch, touched, change)));
    add(1, table);
    add(-1, table);
  }
  return terms.length === 0 ? null : { statements, sql: terms.join(' union all ') };
}

/** A changed table that branches look up rows in. */
interface ChangedLookup {
  /** A temporary table of the old and new rows that differ in a column that can matter, cut to those and the key: `lens_sign`. */
  readonly table: string;
  readonly change: ChangeSet;
  /** Whether a key has a null in it. */
  readonly hasNull: boolean;
}

/** By name. One round trip when there are any. */
async function changedLookups(
  connection: Connection,
  { relation: { name }, branches }: AggregateState,
  changes: Changes,
): Promise<Map<string, ChangedLookup>> {
  const lookups = branches.flatMap((branch) => branch.lookups);
  const found: (Omit<ChangedLookup, 'hasNull'> & { name: string; sql: string; anyNull: string })[] = [];
  for (const relation of new Set(lookups.map((lookup) => lookup.relation.name))) {
    const places = lookups.filter((lookup) => lookup.relation.name === relation);
    const change = changes.get(relation);
    if (change === undefined || change === 'everything') continue;
    const list = idents([...new Set(places.flatMap(({ key, columns }) => [...key, ...columns]))]);
    const left = change.onlyIn ? '' : `union all select ${list}, -1 from ${change.rowsOut}`;
    found.push({
      name: relation,
      change,
      table: temporary('touched', `${name}_of_${relation}`),
      anyNull: ['false', ...(places[0]?.key ?? []).map((column) => `${ident(column)} is null`)].join(' or '),
      sql: `select ${list}, sum(lens_sign) as lens_sign
        from (select ${list}, 1 as lens_sign from ${change.rowsIn} ${left}) group by all having sum(lens_sign) <> 0`,
    });
  }
  if (found.length === 0) return new Map();
  const counts = found.map(
    ({ table, anyNull }, at) => `(select count(*) from ${table}) as n${at},
      (select count(*) from ${table} where ${anyNull}) as null${at}`,
  );
  const creations = found.map(({ table, sql }) => createTemporary(table, sql));
  const [row] = await connection.rows<Record<string, number>>(`${creations.join(';\n')};\nselect ${counts.join(', ')}`);
  return new Map(
    found.flatMap(({ name: relation, table, change }, at): [string, ChangedLookup][] =>
      row?.[`n${at}`] === 0 ? [] : [[relation, { table, change, hasNull: row?.[`null${at}`] !== 0 }]],
    ),
  );
}

/** The rows of a lookup before the change; only those that changed in what can matter are other ones. */
function rowsBefore(
  scan: StateScan,
  lookups: readonly StateLookup[],
  changed: ReadonlyMap<string, ChangedLookup>,
): string {
  const one = changed.get(scan.relation.name);
  const key = lookups.find((lookup) => lookup.alias === scan.alias)?.key;
  if (one === undefined || key === undefined) return tableOf(scan);
  const equal = one.hasNull ? 'is not distinct from' : '=';
  const match = ['true', ...key.map((column) => `i.${ident(column)} ${equal} c.${ident(column)}`)].join(' and ');
  const old = `select i.* from ${one.change.rowsOut} i semi join ${one.table} c on ${match}`;
  return `(select i.* from ${tableOf(scan)} i anti join ${one.table} c on ${match}${one.change.onlyIn ? '' : ` union all ${old}`})`;
}

/** The main rows to which changed rows of lookups can matter; null where none changed. */
function touchedRows({ main, lookups }: StateBranch, changed: ReadonlyMap<string, ChangedLookup>): string | null {
  /** Rows of a lookup that changed, or that changed rows of others lead to. */
  const reached = (at: number): string[] => {
    const lookup = lookups[at] as StateLookup;
    const columns = idents([...new Set([...lookup.columns, ...lookup.key])], 'i.');
    const one = changed.get(lookup.relation.name);
    const own = one === undefined ? [] : [`select ${columns} from ${one.table} i`];
    const any = anyOf(at);
    return any === null ? own : [...own, `select ${columns} from ${tableOf(lookup)} i ${any}`];
  };
  /** The condition that some lookup right behind the main table or another lookup has such rows. */
  const anyOf = (from: number | null): string | null => {
    const rows = lookups.flatMap((lookup, at) => {
      const found = lookup.from === from ? reached(at) : [];
      return found.length === 0 ? [] : [{ from: `(${found.join(' union all ')})`, match: lookup.match }];
    });
    const [first, second] = rows;
    if (first === undefined) return null;
    // Each row once, however many lookups reach it.
    if (second === undefined) return `semi join ${first.from} l on ${first.match}`;
    return `where ${rows.map((one) => `exists (from ${one.from} l where ${one.match})`).join(' or ')}`;
  };
  const any = anyOf(null);
  return any === null ? null : `select i.* from ${tableOf(main)} i ${any}`;
}

/** Of main rows as they are now, those that did not just come. */
function stayed({ unique }: StateBranch, rows: string, { rowsIn }: ChangeSet): string {
  if (unique === null) return `select * from (${rows}) except all select * from ${rowsIn}`;
  const match = unique.map((column) => `i.${ident(column)} is not distinct from c.${ident(column)}`);
  return `select i.* from (${rows}) i anti join ${rowsIn} c on ${['true', ...match].join(' and ')}`;
}

function rowsOver(
  { main, lookups, rowsSql }: StateBranch,
  mainRows: string,
  lookupRows: (scan: StateScan) => string,
): string {
  const scans = [
    `${ident(main.alias)} as (from ${mainRows})`,
    ...lookups.map((lookup) => `${ident(lookup.alias)} as (from ${lookupRows(lookup)})`),
  ];
  return `with ${scans.join(', ')} ${rowsSql}`;
}

function tableOf({ relation }: StateScan): string {
  return qualified(relation.schema, relation.identifier);
}

function changeOf(changes: Changes, { name }: Relation): ChangeSet | null {
  const change = changes.get(name);
  return change === undefined || change === 'everything' ? null : change;
}
