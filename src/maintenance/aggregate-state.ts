import type { Connection } from '../warehouse/connection.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import { type ChangeSet, createTemporary, temporary } from './change-set.ts';
import type { AggregateState, StateValue } from './maintenance-plan.ts';

/** Builds a state over the source as it is, inside the caller's transaction. */
export async function buildState(connection: Connection, state: AggregateState): Promise<void> {
  const source = qualified(state.source.schema, state.source.identifier);
  const rows = rowsOf(state, source);
  const values = state.values.map((value, j) => `${wholeValue(value, j)} as v${j}`);
  const helpers = state.values.flatMap((value, j) => (value.kind === 'sum' ? [`${present(value, j)} as c${j}`] : []));
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
 * Carries a change of the source into the state: counts and sums by difference, distinct counts by the number of rows of
 * each value, extremes from the old one and the rows that came; a group whose extreme left is looked up in the source
 * again. Gives the touched groups as they were and as they are.
 */
export async function keepState(connection: Connection, state: AggregateState, change: ChangeSet): Promise<ChangeSet> {
  const name = state.relation.name;
  const [signed, delta] = [temporary('gone', name), temporary('keys', name)];
  const [fresh, old, dirty] = [temporary('new', name), temporary('old', name), temporary('redo', name)];
  const extremes = state.values.some(({ kind }) => kind === 'min' || kind === 'max');
  const anyNull = keys(state)
    .map((key) => `${key} is null`)
    .join(' or ');
  const nulls = await connection.number(
    `${createTemporary(signed, signedRows(state, change))};
     ${createTemporary(delta, deltaSql(state, signed))};
     select count(*) from ${delta} where ${anyNull}`,
  );
  const same = sameKeys(state, nulls > 0);
  const first = [
    createTemporary(old, `select o.* from ${tableOf(state)} o semi join ${delta} d on ${same('o', 'd')}`),
    ...distincts(state).flatMap(([value, j]) => keepValues(state, same, signed, value, j)),
  ];
  let redo = false;
  if (extremes) {
    first.push(createTemporary(dirty, dirtySql(state, same, delta, old)));
    redo = (await connection.number(`${first.join(';\n')};\nselect count(*) from ${dirty}`)) > 0;
    first.length = 0;
  }
  const redone = redo ? temporary('in', name) : null;
  await connection.run(
    [
      ...first,
      ...(redone === null ? [] : [createTemporary(redone, extremesSql(state, same, dirty))]),
      createTemporary(fresh, freshSql(state, same, { delta, old, extremes: redone })),
      `delete from ${tableOf(state)} o using ${delta} d where ${same('o', 'd')}`,
      `insert into ${tableOf(state)} select * from ${fresh} where n > 0`,
    ].join(';\n'),
  );
  return { rowsOut: old, rowsIn: `(from ${fresh} where n > 0)`, onlyIn: false };
}

/** What the model sees of a state, as it is kept and as its source gives it now, with the same columns. */
export function visibleValues(state: AggregateState): { visible: string; whole: string; keys: string[] } {
  const columns = [...keys(state), ...state.values.map((_, j) => `v${j}`)].join(', ');
  const values = state.values.map((value, j) => `cast(${wholeValue(value, j)} as ${value.type}) as v${j}`);
  const rows = rowsOf(state, qualified(state.source.schema, state.source.identifier));
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

/**
 * 128-bit numbers are left uncompressed: reading a few scattered ones of 20,000 takes 1.3 ms then, and 8.7 ms packed (DuckDB
 * 1.5.6).
 */
function columnsOf(state: AggregateState): string[] {
  const visible = state.columns.map(({ name, type }) => {
    const wide = type === 'HUGEINT' || /^DECIMAL\((19|[23]\d)/.test(type);
    return `${name} ${type}${wide ? ' using compression uncompressed' : ''}`;
  });
  const helpers = state.values.flatMap(({ kind }, j) => (kind === 'sum' ? [`c${j} bigint`] : []));
  return [...visible, 'n bigint', ...helpers];
}

/** The values of a distinct count, with the number of rows of each. */
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
  return values.flatMap((value, j): [StateValue, number][] => (value.kind === 'distinct' ? [[value, j]] : []));
}

function rowsOf({ rowsSql, sourceAlias }: AggregateState, source: string): string {
  return `with ${ident(sourceAlias)} as (from ${source}) ${rowsSql}`;
}

/** The rows that came with s = 1, those that left with s = -1. */
function signedRows(state: AggregateState, { rowsIn, rowsOut, onlyIn }: ChangeSet): string {
  const came = `select *, 1 as s from (${rowsOf(state, rowsIn)})`;
  return onlyIn ? came : `${came} union all select *, -1 from (${rowsOf(state, rowsOut)})`;
}

/** The condition under which a row counts for a value. */
function isPresent({ argument, filtered }: StateValue, j: number): string {
  const conditions = [...(argument ? [`x${j} is not null`] : []), ...(filtered ? [`f${j}`] : [])];
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

function present(value: StateValue, j: number): string {
  return `count(*) filter (where ${isPresent(value, j)})`;
}

function wholeValue(value: StateValue, j: number): string {
  const filter = `filter (where ${isPresent(value, j)})`;
  switch (value.kind) {
    case 'count':
      return `count(*) ${filter}`;
    case 'distinct':
      return `count(distinct x${j}) ${filter}`;
    case 'sum':
    case 'min':
    case 'max':
      return `${value.kind}(x${j}) ${filter}`;
  }
}

/** By key: n rows more or less; per value dj (and cj), or the extreme of what came (ij) and of what left (oj). */
function deltaSql(state: AggregateState, signed: string): string {
  const parts = state.values.flatMap((value, j) => {
    const when = (sign: string): string => `filter (where ${isPresent(value, j)} and s = ${sign})`;
    switch (value.kind) {
      case 'count':
        return [`coalesce(sum(s) filter (where ${isPresent(value, j)}), 0) as d${j}`];
      case 'sum':
        return [
          `coalesce(sum(x${j}) ${when('1')}, 0) - coalesce(sum(x${j}) ${when('-1')}, 0) as d${j}`,
          `coalesce(sum(s) filter (where ${isPresent(value, j)}), 0) as c${j}`,
        ];
      case 'min':
      case 'max':
        return [`${value.kind}(x${j}) ${when('1')} as i${j}`, `${value.kind}(x${j}) ${when('-1')} as o${j}`];
      case 'distinct':
        return [];
    }
  });
  return `select ${[...keys(state), 'sum(s) as n', ...parts].join(', ')} from ${signed} group by ${keys(state).join(', ')}`;
}

/** Statements that keep the rows of each value of a distinct count, and note in a temporary table how many came and went. */
function keepValues(state: AggregateState, same: SameKeys, signed: string, value: StateValue, j: number): string[] {
  const moved = temporary('touched', `${state.relation.name}_${j}`);
  const table = valuesTable(state, j);
  const match = `${same('a', 'd')} and a.x = d.x`;
  const delta = `select ${keys(state).join(', ')}, x${j} as x, sum(s) as n from ${signed}
    where ${isPresent(value, j)} group by all having sum(s) <> 0`;
  return [
    createTemporary(
      moved,
      `select ${keys(state, 'd.').join(', ')}, d.x, a.rowid as place, coalesce(a.n, 0) as before, coalesce(a.n, 0) + d.n as after
       from (${delta}) d left join ${table} a on ${match}`,
    ),
    `delete from ${table} where rowid in (select place from ${moved})`,
    `insert into ${table} select ${keys(state).join(', ')}, x, after from ${moved} where after > 0`,
  ];
}

/** Keys of groups that lost an extreme, and got none that is as far out. */
function dirtySql(state: AggregateState, same: SameKeys, delta: string, old: string): string {
  const lost = state.values.flatMap((value, j) => {
    if (value.kind !== 'min' && value.kind !== 'max') return [];
    const worse = value.kind === 'min' ? '>' : '<';
    return [`(d.o${j} = o.v${j} and (d.i${j} is null or d.i${j} ${worse} o.v${j}))`];
  });
  return `select ${keys(state, 'd.').join(', ')} from ${delta} d join ${old} o on ${same('o', 'd')} where ${lost.join(' or ')}`;
}

/** The extremes of those groups in the source as it is now. */
function extremesSql(state: AggregateState, same: SameKeys, dirty: string): string {
  const source = qualified(state.source.schema, state.source.identifier);
  const match = state.sourceKeys.map((key, at) => `${key} is not distinct from g.k${at}`).join(' and ');
  const rows = rowsOf(state, `(select i.* from ${source} i semi join ${dirty} g on ${match})`);
  const values = state.values.flatMap((value, j) =>
    value.kind === 'min' || value.kind === 'max' ? [`${wholeValue(value, j)} as v${j}`] : [],
  );
  return `select ${[...keys(state, 'g.'), ...values].join(', ')}
    from ${dirty} g left join (${rows}) r on ${same('r', 'g')} group by ${keys(state, 'g.').join(', ')}`;
}

/** The new rows of all touched groups, with n = 0 for those that are gone. */
function freshSql(
  state: AggregateState,
  same: SameKeys,
  { delta, old, extremes }: { delta: string; old: string; extremes: string | null },
): string {
  const values = state.values.map((value, j) => {
    const type = value.type;
    switch (value.kind) {
      case 'count':
        return `cast(coalesce(o.v${j}, 0) + d.d${j} as ${type}) as v${j}`;
      case 'sum': {
        const sum = `cast(coalesce(o.v${j}, 0) + d.d${j} as ${type})`;
        return `case when coalesce(o.c${j}, 0) + d.c${j} = 0 then null else ${sum} end as v${j}`;
      }
      case 'min':
      case 'max': {
        const kept = `${value.kind === 'min' ? 'least' : 'greatest'}(o.v${j}, d.i${j})`;
        return extremes === null ? `${kept} as v${j}` : `case when e.s then e.v${j} else ${kept} end as v${j}`;
      }
      case 'distinct':
        return `cast(coalesce(o.v${j}, 0) + coalesce(m${j}.e, 0) as ${type}) as v${j}`;
    }
  });
  const helpers = state.values.flatMap((value, j) =>
    value.kind === 'sum' ? [`cast(coalesce(o.c${j}, 0) + d.c${j} as bigint) as c${j}`] : [],
  );
  const moved = distincts(state).map(([, j]) => {
    const step = 'case when before = 0 and after > 0 then 1 when before > 0 and after = 0 then -1 else 0 end';
    const by = `select ${keys(state).join(', ')}, sum(${step}) as e from ${temporary('touched', `${state.relation.name}_${j}`)} group by all`;
    return `left join (${by}) m${j} on ${same(`m${j}`, 'd')}`;
  });
  const redone = extremes === null ? '' : `left join (select *, true as s from ${extremes}) e on ${same('e', 'd')}`;
  return `select ${[...keys(state, 'd.'), ...values, 'cast(coalesce(o.n, 0) + d.n as bigint) as n', ...helpers].join(', ')}
    from ${delta} d left join ${old} o on ${same('o', 'd')} ${moved.join(' ')} ${redone}`;
}
