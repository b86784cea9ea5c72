import fc from 'fast-check';
import type { Changes } from '../../../src/maintenance/change-set.ts';
import { createTemporary, temporary } from '../../../src/maintenance/change-set.ts';
import type { RawRelation } from '../../../src/maintenance/planner.ts';
import type { Connection } from '../../../src/warehouse/connection.ts';
import { text } from '../../../src/warehouse/sql.ts';
import type { Columns, Kind } from './draft.ts';

/** A raw table that generated models read. `key` is null for one that only grows. */
export interface RawTable {
  readonly columns: Columns;
  readonly key: readonly string[] | null;
}

export const RAW: Readonly<Record<string, RawTable>> = {
  facts: {
    columns: { id: 'int', a: 'int', b: 'int', t: 'text', d: 'date', x: 'amount', s: 'time', w: 'number' },
    key: ['id'],
  },
  dims: { columns: { k: 'int', grp: 'int', label: 'text' }, key: ['k'] },
  links: { columns: { m: 'int', a: 'int', k: 'int', d: 'date' }, key: ['m'] },
  pairs: { columns: { a: 'int', k: 'int', q: 'amount', t: 'text' }, key: ['a', 'k'] },
  events: { columns: { a: 'int', t: 'text', s: 'time', q: 'amount' }, key: null },
  /** Through topics: patched by kind (raw-topics.ts). */
  notes: { columns: { k: 'int', label: 'text', score: 'int', _kinds: 'int' }, key: ['k'] },
};

export const TYPES: Readonly<Record<Kind, string>> = {
  int: 'INTEGER',
  text: 'VARCHAR',
  date: 'DATE',
  time: 'TIMESTAMP',
  amount: 'DECIMAL(10,2)',
  number: 'DOUBLE',
  flag: 'BOOLEAN',
};

/** A change of one raw row: values by a tape, or gone. Of a table without key: a row more. */
export interface RowChange {
  readonly table: string;
  readonly key: number;
  readonly values: readonly number[] | null;
}

/** A change in the making: with a `column`, a row that is there changes in that one alone. */
export interface RandomChange extends RowChange {
  readonly column: number | null;
}

export function rowChanges(tables: readonly string[] = Object.keys(RAW)): fc.Arbitrary<RandomChange> {
  return fc.record({
    column: fc.option(fc.nat(7), { freq: 1 }),
    table: fc.constantFrom(...tables),
    key: fc.nat(9),
    values: fc.option(fc.array(fc.nat(11), { minLength: 8, maxLength: 8 }), { freq: 4, nil: null }),
  });
}

const TEXTS = ['x', 'y', 'X', 'Grüße', '', 'x', 'y', 'x,y', 'Grüße', ''];

/** A value in the JSON form of `lens produce`. Few different ones, so that rows meet; nulls among them. */
function valueOf(kind: Kind, n: number): string | number | null {
  if (n >= 10) return null;
  switch (kind) {
    case 'int':
      return n % 6;
    case 'amount':
      return `${n}.${n}5`;
    case 'number':
      // Quarters add up exactly in any order.
      return (n % 7) / 4;
    case 'date':
      return `2026-01-0${1 + (n % 4)}`;
    case 'time':
      return `2026-01-0${1 + (n % 3)}T${['00:00:00Z', '00:00:00Z', '23:59:59.999999Z'][n % 3]}`;
    default:
      return TEXTS[n] as string;
  }
}

/** The columns of a table's key for a key number: of a composite one, several rows share each part. */
export function keyOf(table: string, key: number): Readonly<Record<string, number>> {
  const [first, second] = RAW[table]?.key ?? [];
  if (first === undefined) return {};
  return second === undefined ? { [first]: key } : { [first]: key % 4, [second]: Math.floor(key / 4) };
}

/** A whole row as JSON values. */
export function rowOf({ table, key, values }: RowChange): Readonly<Record<string, string | number | null>> {
  const { columns } = RAW[table] as RawTable;
  const own = Object.entries(columns).map(([name, kind], i) => [name, valueOf(kind, values?.[i] ?? 0)] as const);
  return { ...Object.fromEntries(own), ...keyOf(table, key) };
}

export const RAW_RELATIONS: readonly RawRelation[] = Object.entries(RAW).map(([name, { columns, key }]) => ({
  name,
  schema: 'w',
  identifier: name,
  columns: Object.entries(columns).map(([column, kind]) => ({ name: column, type: TYPES[kind] })),
  key,
}));

export async function createRawTables(connection: Connection): Promise<void> {
  const tables = RAW_RELATIONS.map(
    ({ identifier, columns }) =>
      `create table w.${identifier} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')})`,
  );
  await connection.run(`drop schema if exists w cascade; create schema w; ${tables.join('; ')}`);
}

/** Applies changes to the raw tables and gives their change sets, as landing does. */
export async function land(connection: Connection, changes: readonly RowChange[]): Promise<Changes> {
  const sets: Changes = new Map();
  for (const table of Object.keys(RAW)) {
    const own = changes.filter((change) => change.table === table);
    if (own.length > 0) await landTable(connection, table, own, sets);
  }
  return sets;
}

async function landTable(
  connection: Connection,
  table: string,
  changes: readonly RowChange[],
  sets: Changes,
): Promise<void> {
  const { columns, key } = RAW[table] as RawTable;
  const last = key === null ? changes : [...new Map(changes.map((one) => [one.key, one])).values()];
  const rows = last.filter((one) => one.values !== null).map((one) => Object.values(rowOf(one)));
  if (key === null && rows.length === 0) return;
  const names = Object.keys(columns);
  const types = names.map((name) => `${name}::${TYPES[columns[name] as Kind]} as ${name}`).join(', ');
  const literals = rows.map(
    (row) => `(${row.map((value) => (value === null ? 'null' : text(String(value)))).join(', ')})`,
  );
  const given =
    rows.length === 0
      ? `select * from w.${table} limit 0`
      : `select ${types} from (values ${literals.join(', ')}) v(${names.join(', ')})`;
  const gone = last.map((one) => `(${Object.values(keyOf(table, one.key)).join(', ')})`).join(', ');
  const touched = key === null ? 'false' : `(${key.join(', ')}) in (${gone})`;
  const [out, fresh] = [temporary('out', table), temporary('in', table)];
  const left = await connection.number(
    `${createTemporary(out, `select * from w.${table} where ${touched}`)};
     ${createTemporary(fresh, given)};
     delete from w.${table} where ${touched};
     insert into w.${table} select * from ${fresh};
     select count(*) from ${out}`,
  );
  sets.set(table, { rowsOut: out, rowsIn: fresh, onlyIn: left === 0 });
}
