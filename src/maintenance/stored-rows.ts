import type { Connection } from '../warehouse/connection.ts';
import { createTemporary, temporary } from './change-set.ts';

/** Rows of a stored table that have been found, by their places: good until the transaction ends. */
export interface StoredRows {
  /** A temporary table with one column, `id`. */
  readonly ids: string;
  readonly count: number;
}

/**
 * So few rows are fetched by their places, more by their keys again. Of ten million rows with 14 columns, 50 scattered ones take
 * 15 ms found by key alone and fetched by place, where one join by key reads every column of every row in 24; 500 take 41, and 26.
 */
const FEW = 200;

/**
 * Finds rows of a table by key, reading its key alone; most batches of new events find none and need nothing more.
 *
 * @param restriction `semi join ...` on the table's alias `t`
 */
export async function findStored(
  connection: Connection,
  name: string,
  table: string,
  restriction: string,
): Promise<StoredRows> {
  const ids = temporary('rows', name);
  const count = await connection.number(
    `${createTemporary(ids, `select t.rowid as id from ${table} t ${restriction}`)};
     select count(*) from ${ids}`,
  );
  return { ids, count };
}

/** A SELECT of the rows found. */
export function fetchStored(columns: string, table: string, { ids, count }: StoredRows, restriction: string): string {
  return `select ${columns} from ${table} t ${count > FEW ? restriction : `where t.rowid in (select id from ${ids})`}`;
}

/** A statement that deletes rows by their places. */
export function deleteStored(table: string, ids: string): string {
  return `delete from ${table} where rowid in (${ids})`;
}
