import { ident } from '../warehouse/sql.ts';

/**
 * What a batch did to a relation, as two temporary tables with the relation's own columns: the rows that left and the
 * rows that came. An updated row is in both. `everything` stands for a relation that was replaced as a whole.
 */
export interface ChangeSet {
  /** Temporary tables or parts of them, ready to stand after FROM. */
  readonly rowsOut: string;
  readonly rowsIn: string;
  /** True when no row left: rows only came, as most batches of new events do, and much work falls away. */
  readonly onlyIn: boolean;
}

/** The change of a relation that got the rows of a table and lost none. */
export function onlyIn(rows: string): ChangeSet {
  return { rowsOut: `(from ${rows} limit 0)`, rowsIn: rows, onlyIn: true };
}

export type Change = ChangeSet | 'everything';

/** Changes by relation name; a relation that is not in it did not change. */
export type Changes = Map<string, Change>;

/** The name of a temporary table of ours; it lives until the next batch replaces it. */
export function temporary(
  kind: 'out' | 'in' | 'new' | 'old' | 'keys' | 'gone' | 'redo' | 'touched' | 'found',
  name: string,
): string {
  return `temp.${ident(`lens_${kind}_${name}`)}`;
}

/** CREATE OR REPLACE of a temporary table: never TRUNCATE or DELETE, which keep memory and are two to three times slower. */
export function createTemporary(table: string, sql: string): string {
  return `create or replace temp table ${table.replace(/^temp\./, '')} as ${sql}`;
}
