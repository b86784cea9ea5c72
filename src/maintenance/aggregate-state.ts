import type { Connection } from '../warehouse/connection.ts';
import { qualified } from '../warehouse/sql.ts';
import { storedColumn } from '../warehouse/stored-column.ts';
import { type Changes, type ChangeSet, createTemporary, temporary } from './change-set.ts';
import { ZERO } from './average.ts';
import type { AggregateState, StateValue } from './maintenance-plan.ts';
import { allRows, branchRows, signedRows } from './state-changes.ts';
import { scannedFor, type SmallTables } from './touched-keys.ts';
import {
  deltas,
  distinctDeltas,
  helpersOf,
  isExtreme,
  isPresent,
  newAverage,
  newTally,
  newValue,
  tallyType,
  wholeTally,
  wholeValue,
} from './state-values.ts';

/** Builds a state over its tables as they are, inside the caller's transaction. */
export async function buildState(connection: Connection, state: AggregateState): Promise<void> {
  const rows = allRows(state);
  const values = state.values.map((value, j) => `${wholeValue(value, j)} as v${j}`);
  const helpers = helpersOfAll(state, (value, j, tally) => `${wholeTally(value, j, tally)} as ${tally}${j}`);
  await connection.run(
    [
      `create or replace table ${tableOf(state)} (${columnsOf(state).join(', ')})`,
      `insert into ${tableOf(state)}
         select ${[...keys(state), ...values, 'count(*) as n', ...helpers].join(', ')}
         from (${rows}) group by ${keys(state).join(', ')}`,
      ...distincts(state).map(
        ([value, j]) =>
          `create or replace table ${valuesTable(state, j)} as
             select ${keys(state).join(', ')}, x${j} as x, count(*) as n from (${rows})
             where ${isPresent(value, j)} group by all`,
      ),
    ].join(';\n'),
  );
}

/**
 * Carries changes of its tables into the state: counts and sums by difference, those of distinct values by the number of rows
 * of each value, extremes from the old one and the rows that came; a group whose extreme left is looked up in the tables
 * again. Gives the touched groups as they were and as they are; null where nothing changed that it reads.
 */
export async function keepState(
  connection: Connection,
  state: AggregateState,
  changes: Changes,
  small: SmallTables = new Set(),
): Promise<ChangeSet | null> {
  const rows = await signedRows(connection, state, changes);
  if (rows === null) return null;
  const name = state.relation.name;
  const [signed, delta] = [temporary('gone', name), temporary('keys', name)];
  const anyNull = keys(state).map((key) => `${key} is null`);
  const [touched] = await connection.rows<{ groups: number; nulls: number }>(
    [
      ...rows.statements,
      createTemporary(signed, rows.sql),
      createTemporary(delta, deltaSql(state, signed)),
      `select count(*) as groups, count(*) filter (${anyNull.join(' or ')}) as nulls from ${delta}`,
    ].join(';\n'),
  );
  const { groups, nulls } = touched as { groups: number; nulls: number };
  const same = sameKeys(state, nulls > 0);
  const many = scannedFor(groups, small).has(tableOf(state));
  const inTable = many ? sameKeys(state, true) : same;
  const fresh = await freshGroups(connection, state, { same, inTable, signed, delta });
  await connection.run(
    `delete from ${tableOf(state)} o using ${delta} d where ${inTable('o', 'd')};
     insert into ${tableOf(state)} select ${storedColumns(state).join(', ')} from ${fresh} where n > 0`,
  );
  // Beside what the model sees, it has columns that change by themselves.
  const differs = ['false', ...state.values.map((_, j) => `v${j} is distinct from w${j}`)].join(' or ');
  return {
    rowsOut: `(select ${visibleOf(state, 'w').join(', ')} from ${fresh} where had and (n = 0 or ${differs}))`,
    rowsIn: `(select ${visibleOf(state, 'v').join(', ')} from ${fresh} where n > 0 and (not had or ${differs}))`,
    onlyIn: false,
  };
}

/** What finds the touched groups. */
interface TouchedGroups {
  readonly same: SameKeys;
  /** The same for a look into the state's table. */
  readonly inTable: SameKeys;
  readonly signed: string;
  readonly delta: string;
}

/**
 * A temporary table of the touched groups as they will be, with `n` = 0 for those that go, and beside it as they `had` been: the
 * visible values as w0.. . Two round trips where an extreme left.
 */
async function freshGroups(connection: Connection, state: AggregateState, groups: TouchedGroups): Promise<string> {
  const name = state.relation.name;
  const fresh = temporary('new', name);
  const create = (extremes: string | null): string => createTemporary(fresh, freshSql(state, groups, extremes));
  const first = [
    ...distincts(state).flatMap(([value, j]) => keepValues(state, groups.same, groups.signed, value, j)),
    create(null),
  ];
  if (!state.values.some(isExtreme)) {
    await connection.run(first.join(';\n'));
    return fresh;
  }
  const dirty = temporary('redo', name);
  first.push(createTemporary(dirty, `select ${keys(state).join(', ')} from ${fresh} where dirty`));
  if ((await connection.number(first.join(';\n'))) > 0) {
    const redone = temporary('in', name);
    await connection.run(`${createTemporary(redone, extremesSql(state, groups.same, dirty))};\n${create(redone)}`);
  }
  return fresh;
}

/** What the model sees of a state, as it is kept and as its source gives it now, with the same columns. */
export function visibleValues(state: AggregateState): { visible: string; whole: string; keys: string[] } {
  const columns = [...keys(state), ...state.values.map((_, j) => `v${j}`)].join(', ');
  const values = state.values.map((value, j) => `cast(${wholeValue(value, j)} as ${value.type}) as v${j}`);
  const rows = allRows(state);
  return {
    visible: `select ${columns} from ${tableOf(state)}`,
    whole: `select ${[...keys(state), ...values].join(', ')} from (${rows}) group by ${keys(state).join(', ')}`,
    keys: keys(state),
  };
}

/** Every table of a state. */
export function stateTables(state: AggregateState): string[] {
  const { identifier } = state.relation;
  return [identifier, ...distincts(state).map(([, j]) => `${identifier}_values_${j}`)];
}

function tableOf({ relation }: AggregateState): string {
  return qualified(relation.schema, relation.identifier);
}

function columnsOf(state: AggregateState): string[] {
  const visible = state.columns.map(({ name, type }) => storedColumn(name, type));
  const helpers = helpersOfAll(state, (value, j, tally) => storedColumn(`${tally}${j}`, tallyType(value, tally)));
  return [...visible, 'n bigint', ...helpers];
}

/** What a state keeps beside its values and the number of rows, by value and tally. */
function helpersOfAll(
  { values }: AggregateState,
  each: (value: StateValue, j: number, tally: ReturnType<typeof helpersOf>[number]) => string,
): string[] {
  return values.flatMap((value, j) => helpersOf(value).map((tally) => each(value, j, tally)));
}

/** Names of the stored columns, in order. */
function storedColumns(state: AggregateState): string[] {
  return [...state.columns.map(({ name }) => name), 'n', ...helpersOfAll(state, (_, j, tally) => `${tally}${j}`)];
}

/** What the model sees of touched groups: as they are (v0..), or as they were (w0..). */
function visibleOf(state: AggregateState, values: 'v' | 'w'): string[] {
  return [...keys(state), ...state.values.map((_, j) => (values === 'v' ? `v${j}` : `w${j} as v${j}`))];
}

/** The distinct values of an aggregate, with the number of rows of each. */
function valuesTable({ relation }: AggregateState, j: number): string {
  return qualified(relation.schema, `${relation.identifier}_values_${j}`);
}

function keys({ keyCount }: AggregateState, alias = ''): string[] {
  return Array.from({ length: keyCount }, (_, at) => `${alias}k${at}`);
}

/** The condition that two rows are of one group. */
type SameKeys = (a: string, b: string) => string;

/** Keys may be null, as in any GROUP BY; where none is, a plain comparison is several times faster. */
function sameKeys(state: AggregateState, nulls: boolean): SameKeys {
  const equal = nulls ? 'is not distinct from' : '=';
  return (a, b) =>
    keys(state)
      .map((key) => `${a}.${key} ${equal} ${b}.${key}`)
      .join(' and ');
}

function distincts({ values }: AggregateState): [StateValue, number][] {
  return values.flatMap((value, j): [StateValue, number][] => (value.distinct ? [[value, j]] : []));
}

/** By key: n rows more or less, and what the values grow by. */
function deltaSql(state: AggregateState, signed: string): string {
  const parts = ['sum(sign) as n', ...state.values.flatMap(deltas)];
  return `select ${[...keys(state), ...parts].join(', ')} from ${signed} group by ${keys(state).join(', ')}`;
}

/** Statements that keep the number of rows of each distinct value, and note in a temporary table how many there were and are. */
function keepValues(state: AggregateState, same: SameKeys, signed: string, value: StateValue, j: number): string[] {
  const moved = temporary('touched', `${state.relation.name}_${j}`);
  const table = valuesTable(state, j);
  const match = `${same('a', 'd')} and a.x = d.x`;
  const delta = `select ${keys(state).join(', ')}, x${j} as x, sum(sign) as n from ${signed}
    where ${isPresent(value, j)} group by all having sum(sign) <> 0`;
  return [
    createTemporary(
      moved,
      `select ${keys(state, 'd.').join(', ')}, d.x, a.rowid as place, coalesce(a.n, 0) as before, coalesce(a.n, 0) + d.n as after
       from (${delta}) d left join ${table} a on ${match}`,
    ),
    // Null-safe, so that DuckDB does not test each row against a list of places (touched-keys.ts).
    `delete from ${table} a using ${moved} d where a.rowid is not distinct from d.place`,
    `insert into ${table} select ${keys(state).join(', ')}, x, after from ${moved} where after > 0`,
  ];
}

/** Whether a group lost an extreme, and got none that is as far out. */
function isDirty(state: AggregateState): string {
  const lost = state.values.flatMap((value, j) => {
    if (!isExtreme(value)) return [];
    const worse = value.kind === 'min' ? '>' : '<';
    return [`(d.o${j} = o.v${j} and (d.i${j} is null or d.i${j} ${worse} o.v${j}))`];
  });
  return ['false', ...lost].join(' or ');
}

/** The extremes of those groups in the tables as they are now. */
function extremesSql(state: AggregateState, same: SameKeys, dirty: string): string {
  const rows = state.branches.map((branch) => {
    const { relation } = branch.main;
    const match = branch.mainKeys.flatMap((key, at) => (key === null ? [] : [`${key} is not distinct from g.k${at}`]));
    const restriction = match.length === 0 ? '' : `semi join ${dirty} g on ${match.join(' and ')}`;
    const main = `(select i.* from ${qualified(relation.schema, relation.identifier)} i ${restriction})`;
    return `(${branchRows(branch, main)})`;
  });
  const values = state.values.flatMap((value, j) => (isExtreme(value) ? [`${wholeValue(value, j)} as v${j}`] : []));
  return `select ${[...keys(state, 'g.'), ...values].join(', ')}
    from ${dirty} g left join (${rows.join(' union all ')}) r on ${same('r', 'g')} group by ${keys(state, 'g.').join(', ')}`;
}

/** The new rows of all touched groups, and the old ones. */
function freshSql(state: AggregateState, { same, inTable, delta }: TouchedGroups, extremes: string | null): string {
  const values = state.values.map((value, j) => `${newValue(value, j, extremes !== null)} as v${j}`);
  const helpers = helpersOfAll(state, (value, j, tally) => `${newTally(value, j, tally)} as ${tally}${j}`);
  const old = state.values.map((_, j) => `o.v${j} as w${j}`);
  const moved = distincts(state).map(([value, j]) => {
    const notes = temporary('touched', `${state.relation.name}_${j}`);
    const by = `select ${[...keys(state), ...distinctDeltas(value)].join(', ')} from ${notes} group by all`;
    return `left join (${by}) m${j} on ${same(`m${j}`, 'd')}`;
  });
  const redone =
    extremes === null ? '' : `left join (select *, true as redone from ${extremes}) e on ${same('e', 'd')}`;
  const averages = state.values.some(({ kind }) => kind === 'avg');
  const zero = averages ? `cross join ${ZERO}` : '';
  const flags = ['o.n is not null as had', `${isDirty(state)} as dirty`];
  const rows = `select ${[...keys(state, 'd.'), ...values, 'cast(coalesce(o.n, 0) + d.n as bigint) as n', ...helpers, ...old, ...flags].join(', ')}
    from ${delta} d left join ${tableOf(state)} o on ${inTable('o', 'd')} ${moved.join(' ')} ${redone} ${zero}`;
  return averages ? withAverages(state, rows) : rows;
}

/** The same rows with averages made of their tallies: DuckDB's own average over each row as a group. */
function withAverages(state: AggregateState, rows: string): string {
  const first = (column: string): string => `first(b.${column}) as ${column}`;
  const values = state.values.map((value, j) =>
    value.kind === 'avg' ? `${newAverage(value, j)} as v${j}` : first(`v${j}`),
  );
  const others = [
    'n',
    ...helpersOfAll(state, (_, j, tally) => `${tally}${j}`),
    ...state.values.map((_, j) => `w${j}`),
    'had',
    'dirty',
  ];
  const list = [...keys(state), ...values, ...others.map(first)];
  return `select ${list.join(', ')} from (${rows}) b group by ${keys(state).join(', ')}`;
}
