import type { Connection } from '../../warehouse/connection.ts';
import { ident, idents, sameRow } from '../../warehouse/sql.ts';
import { nearlyEqual } from '../compare-tables.ts';
import type { DataDifference, RowExample } from './change-plan.ts';

/** Rows where they are. */
export interface Rows {
  /** A FROM clause with the word. */
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface RowComparison {
  /** The first of these that is unique on both sides tells rows apart. */
  readonly keys: readonly (readonly string[])[];
  /** Examples of each kind. */
  readonly limit: number;
}

type Compared = Omit<DataDifference, 'status' | 'reason'> & {
  /** What else is to be known. */
  readonly note: string | null;
};

/** A column of both sides. */
interface CommonColumn {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Compares rows before and after: by a key where there is one, and then column by column over the columns on both sides; else as
 * bags. Doubles are the same to a billionth, since their sums depend on the order; a column of another type is cast.
 */
export async function compareRows(
  connection: Connection,
  before: Rows,
  after: Rows,
  { keys, limit }: RowComparison,
): Promise<Compared> {
  const common = commonColumns(before, after);
  for (const key of keys) {
    const columns = key.map((name) => common.find((one) => one.name === name));
    if (columns.some((one) => one === undefined || one.before !== one.after)) continue;
    if (!(await isUnique(connection, before, key)) || !(await isUnique(connection, after, key))) continue;
    return compareByKey(connection, before, after, { key, common, limit });
  }
  return compareBags(connection, before, after, common, limit);
}

function commonColumns(before: Rows, after: Rows): CommonColumn[] {
  return before.columns.flatMap(({ name, type }) => {
    const other = after.columns.find((one) => one.name === name);
    return other === undefined ? [] : [{ name, before: type, after: other.type }];
  });
}

async function isUnique(connection: Connection, { sql }: Rows, key: readonly string[]): Promise<boolean> {
  const twice = `select 1 ${sql} group by ${idents(key)} having count(*) > 1 limit 1`;
  return (await connection.number(`select count(*) from (${twice})`)) === 0;
}

/** Whether a column differs between row `b` before and row `a` after. */
function differs({ name, before, after }: CommonColumn): string {
  const old = before === after ? `b.${ident(name)}` : `try_cast(b.${ident(name)} as ${after})`;
  const fresh = `a.${ident(name)}`;
  if (after === 'DOUBLE' || after === 'FLOAT') return `not (${nearlyEqual(old, fresh)})`;
  return `${old} is distinct from ${fresh}`;
}

async function compareByKey(
  connection: Connection,
  before: Rows,
  after: Rows,
  { key, common, limit }: { key: readonly string[]; common: readonly CommonColumn[]; limit: number },
): Promise<Compared> {
  const values = common.filter(({ name }) => !key.includes(name));
  const there = 'lens_row_is_there';
  const joined = `(select *, true as ${there} ${before.sql}) b full join (select *, true as ${there} ${after.sql}) a
    on ${sameRow('b', 'a', key)}`;
  const [onlyAfter, onlyBefore] = [`b.${there} is null`, `a.${there} is null`];
  const both = `b.${there} and a.${there}`;
  const anyColumn = values.length === 0 ? 'false' : values.map((column) => `(${differs(column)})`).join(' or ');
  const [counts] = await connection.rows<Record<string, number>>(
    `select count(b.${there}) as rows_before, count(a.${there}) as rows_after,
       count(*) filter (${onlyAfter}) as added, count(*) filter (${onlyBefore}) as removed,
       count(*) filter (${both} and (${anyColumn})) as changed
       ${values.map((column, at) => `, count(*) filter (${both} and ${differs(column)}) as c${at}`).join('')}
     from ${joined}`,
  );
  const number = (name: string): number => counts?.[name] ?? 0;
  const examples: RowExample[] = [];
  const keyOf = (side: 'a' | 'b'): string => key.map((name, at) => `${side}.${ident(name)} as k${at}`).join(', ');
  const order = key.map((_, at) => `k${at}`).join(', ');
  const ask = async (kind: RowExample['kind'], columns: string, where: string): Promise<void> => {
    const rows = await connection.jsonRows(
      `select ${columns} from ${joined} where ${where} order by ${order} limit ${limit}`,
    );
    for (const row of rows) {
      const named = Object.fromEntries(key.map((name, at) => [name, row[`k${at}`]]));
      const changed = values.flatMap(({ name }, at) =>
        row[`d${at}`] === true ? [[name, [row[`b${at}`], row[`a${at}`]]] as const] : [],
      );
      examples.push({ kind, row: named, columns: Object.fromEntries(changed) });
    }
  };
  if (number('added') > 0) await ask('added', keyOf('a'), onlyAfter);
  if (number('removed') > 0) await ask('removed', keyOf('b'), onlyBefore);
  if (number('changed') > 0) {
    const sides = values.map((column, at) => {
      const name = ident(column.name);
      return `b.${name} as b${at}, a.${name} as a${at}, ${differs(column)} as d${at}`;
    });
    await ask('changed', [keyOf('a'), ...sides].join(', '), `${both} and (${anyColumn})`);
  }
  return {
    key,
    rowsBefore: number('rows_before'),
    rowsAfter: number('rows_after'),
    added: number('added'),
    removed: number('removed'),
    changed: number('changed'),
    columns: values.map(({ name }, at) => ({ name, rows: number(`c${at}`) })).filter(({ rows }) => rows > 0),
    examples,
    note: null,
  };
}

/** Rows that only one side has, however often; doubles by their first nine digits. */
async function compareBags(
  connection: Connection,
  before: Rows,
  after: Rows,
  common: readonly CommonColumn[],
  limit: number,
): Promise<Compared> {
  const count = (from: string): Promise<number> => connection.number(`select count(*) from (${from})`);
  const [rowsBefore, rowsAfter] = [await count(`select 1 ${before.sql}`), await count(`select 1 ${after.sql}`)];
  const about = { key: [], rowsBefore, rowsAfter, changed: 0, columns: [] };
  if (common.length === 0) {
    return { ...about, added: rowsAfter, removed: rowsBefore, examples: [], note: 'no column is on both sides' };
  }
  const list = (side: 'before' | 'after'): string =>
    common
      .map(({ name, ...types }) => {
        const value = side === 'before' ? `try_cast(${ident(name)} as ${types.after})` : ident(name);
        const isDouble = types.after === 'DOUBLE' || types.after === 'FLOAT';
        return `${isDouble ? `printf('%.8e', ${value} + 0.0)` : value} as ${ident(name)}`;
      })
      .join(', ');
  const [old, fresh] = [`select ${list('before')} ${before.sql}`, `select ${list('after')} ${after.sql}`];
  const only = (one: string, other: string): string => `(${one}) except all (${other})`;
  const examples: RowExample[] = [];
  const ask = async (kind: RowExample['kind'], rows: string): Promise<number> => {
    const found = await count(rows);
    if (found === 0) return 0;
    const some = await connection.jsonRows(`select * from (${rows}) order by all limit ${limit}`);
    examples.push(...some.map((row) => ({ kind, row, columns: {} })));
    return found;
  };
  const added = await ask('added', only(fresh, old));
  const removed = await ask('removed', only(old, fresh));
  return { ...about, added, removed, examples, note: 'no unique key is known, so rows are compared whole' };
}
