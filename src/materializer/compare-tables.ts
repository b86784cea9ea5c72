import type { Connection } from '../warehouse/connection.ts';
import { copyRows } from '../warehouse/copy-rows.ts';
import { ident, idents } from '../warehouse/sql.ts';
import type { TableVerification } from './verification/verification.ts';

/** Keys of differing rows that are shown, of each side. */
const EXAMPLES = 5;
/** Doubles that were added up in another order differ in their last digits: equal to this part of their value. */
const NEAR = 1e-9;
/** The temporary tables in which differences are worked out. */
const COPY = 'lens_verify_copy';
const SIDES = ['lens_verify_stored', 'lens_verify_expected'] as const;

/** One SELECT where it can be asked. */
export interface Side {
  readonly connection: Connection;
  readonly sql: string;
}

/** How two tables are compared. */
export interface Comparison {
  /** Columns that name a row to people; without any, whole rows are shown. */
  readonly key: readonly string[];
  /** Whether its doubles may be sums, whose last digits depend on the order of addition. */
  readonly sums: boolean;
}

export type Compared = Pick<
  TableVerification,
  'status' | 'reason' | 'rows' | 'stored' | 'expected' | 'examples' | 'nearlyEqual'
>;

/** A table of which no rows were compared. */
export const NO_ROWS = { reason: null, rows: 0, stored: 0, expected: 0, examples: [], nearlyEqual: [] } as const;

/**
 * Compares two tables as bags of rows: by digest, and where that differs row by row. The sides may be in two warehouses: the
 * stored rows are then copied to the other one, so `stored` must be inside a transaction.
 */
export async function compareTables(stored: Side, expected: Side, { key, sums }: Comparison): Promise<Compared> {
  const [one, other] = [await digest(stored), await digest(expected)];
  const equal: Compared = { ...NO_ROWS, status: 'equal', rows: one.rows };
  if (one.text === other.text) return equal;
  const { connection } = expected;
  const columns = await stored.connection.describe(stored.sql);
  const others = await connection.describe(expected.sql);
  if (namesOf(columns) !== namesOf(others)) {
    const reason = `its columns are ${namesOf(columns)}, expected are ${namesOf(others)}`;
    return { ...equal, status: 'different', reason };
  }
  const here = stored.connection === connection;
  if (!here) await copyRows(stored.connection, stored.sql, connection, COPY);
  const sides = [here ? stored.sql : `select * from ${ident(COPY)}`, expected.sql] as const;
  const only = async (at: 0 | 1): Promise<number> => {
    const rows = `select * from (\n${sides[at]}\n) except all select * from (\n${sides[1 - at]}\n)`;
    await connection.run(
      `create or replace temp table ${SIDES[at]} as select *, row_number() over () as lens_row from (${rows})`,
    );
    return connection.number(`select count(*) from ${SIDES[at]}`);
  };
  if ((await only(0)) + (await only(1)) === 0) return equal;
  const doubles = sums
    ? columns.filter(({ type }) => type === 'DOUBLE' || type === 'FLOAT').map(({ name }) => name)
    : [];
  const paired = doubles.length > 0 && (await dropNearPairs(connection, columns, doubles));
  const [extra, missing] = [
    await connection.number(`select count(*) from ${SIDES[0]}`),
    await connection.number(`select count(*) from ${SIDES[1]}`),
  ];
  const nearlyEqual = paired ? doubles : [];
  if (extra + missing === 0) return { ...equal, nearlyEqual };
  const shown = key.length === 0 ? columns.map((column) => column.name) : key;
  return {
    ...equal,
    status: 'different',
    stored: extra,
    expected: missing,
    examples: await examplesOf(connection, shown),
    nearlyEqual,
  };
}

function namesOf(columns: readonly { name: string }[]): string {
  return columns.map(({ name }) => name).join(', ');
}

/** The same for the same rows in any order. */
async function digest({ connection, sql }: Side): Promise<{ rows: number; text: string }> {
  const [row] = await connection.rows<{ n: number; x: unknown; s: unknown }>(
    `select count(*) as n, cast(bit_xor(hash(t)) as varchar) as x, cast(sum(hash(t)::hugeint) as varchar) as s from (\n${sql}\n) t`,
  );
  return { rows: row?.n ?? 0, text: `${row?.n} ${String(row?.x)} ${String(row?.s)}` };
}

/**
 * Takes rows out of the two differences that are the same but for doubles that are nearly equal; rows alike in all else are
 * paired in the order of those. Gives whether there were any.
 */
async function dropNearPairs(
  connection: Connection,
  columns: readonly { name: string }[],
  doubles: readonly string[],
): Promise<boolean> {
  const exact = columns.map(({ name }) => name).filter((name) => !doubles.includes(name));
  const ranked = (table: string): string =>
    `select *, row_number() over (${exact.length === 0 ? '' : `partition by ${idents(exact)}`} order by ${idents(doubles)}) as lens_rank from ${table}`;
  const same = exact.map((name) => `s.${ident(name)} is not distinct from e.${ident(name)}`);
  const near = doubles.map((name) => {
    return `(${nearlyEqual(`s.${ident(name)}`, `e.${ident(name)}`)})`;
  });
  await connection.run(
    `create or replace temp table lens_verify_pairs as
       select s.lens_row as s, e.lens_row as e from (${ranked(SIDES[0])}) s join (${ranked(SIDES[1])}) e
       on ${[...same, 's.lens_rank = e.lens_rank'].join(' and ')} where ${near.join(' and ')};
     delete from ${SIDES[0]} where lens_row in (select s from lens_verify_pairs);
     delete from ${SIDES[1]} where lens_row in (select e from lens_verify_pairs)`,
  );
  return (await connection.number('select count(*) from lens_verify_pairs')) > 0;
}

/** A condition: two doubles are the same, or nearly. */
export function nearlyEqual(one: string, other: string): string {
  const [a, b] = [`${one}::double`, `${other}::double`];
  return `${a} is not distinct from ${b} or coalesce(abs(${a} - ${b}) <= ${NEAR} * greatest(abs(${a}), abs(${b})), false)`;
}

async function examplesOf(connection: Connection, shown: readonly string[]): Promise<TableVerification['examples']> {
  const examples: TableVerification['examples'][number][] = [];
  const json = shown.map((column) => `${ident(column)} := ${ident(column)}`).join(', ');
  for (const [at, side] of SIDES.entries()) {
    const rows = await connection.rows<{ key: string }>(
      `select cast(to_json(struct_pack(${json})) as varchar) as key
       from (select ${idents(shown)} from ${side} order by all limit ${EXAMPLES})`,
    );
    for (const { key } of rows) examples.push({ side: at === 0 ? 'stored' : 'expected', key });
  }
  return examples;
}
