import type { ColumnChunk } from '../core/column-chunk.ts';
import { LensError } from '../core/errors.ts';
import type { SealedBatch } from '../topics/topic-batch.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident } from '../warehouse/sql.ts';
import type { RawTable } from './raw-tables.ts';

/** Those of a batch's keys that a table can have: how many, and what is true of them alone. */
export interface KnownKeys {
  readonly count: number;
  /** SQL over the key's columns; null when it is true of every key. */
  readonly condition: string | null;
}

/**
 * The largest key that each raw table may have, where its key is one whole number. Events mostly have growing ones, so that those of a
 * batch above it are new: nobody need look for their rows.
 *
 * A bound, not the maximum: rows may have been deleted, and transactions rolled back. It holds as long as rows come into a raw table by
 * landing alone.
 */
export class NewestKeys {
  readonly #bounds = new Map<string, bigint>();

  /** Which keys of a batch, rows and tombstones, may be stored already; the batch's own are taken in. */
  async of(connection: Connection, table: RawTable, sealed: SealedBatch): Promise<KnownKeys> {
    const [name, ...others] = table.contract.tableKey;
    const at = table.contract.columns.findIndex((column) => column.name === name);
    const kind = table.contract.columns[at]?.type.kind;
    if (name === undefined || others.length > 0 || (kind !== 'bigint' && kind !== 'integer')) {
      return { count: sealed.rowCount + sealed.deletedCount, condition: null };
    }
    const bound = this.#bounds.get(table.relation) ?? (await largest(connection, table.relation, name));
    const rows = sealed.rows.map((chunk) => keysAgainst(chunk, at, kind, bound));
    const gone = sealed.deletedKeys.map((chunk) => keysAgainst(chunk, 0, kind, bound));
    this.#bounds.set(
      table.relation,
      rows.reduce((newest, one) => (one.newest > newest ? one.newest : newest), bound),
    );
    const count = [...rows, ...gone].reduce((sum, { known }) => sum + known, 0);
    return { count, condition: `${ident(name)} <= ${bound}` };
  }

  /** Rows come into the table that it is not told of. */
  forget(table: RawTable): void {
    this.#bounds.delete(table.relation);
  }
}

/** Smaller than any key, where the table is empty. */
async function largest(connection: Connection, relation: string, key: string): Promise<bigint> {
  const [row] = await connection.rows<{ newest: string | null }>(
    `select max(${ident(key)})::varchar as newest from ${relation}`,
  );
  return row?.newest === null || row === undefined ? BELOW_ALL : BigInt(row.newest);
}

const BELOW_ALL = -(2n ** 63n) - 1n;

/** How many keys of a chunk are not above the bound, and its largest one. */
function keysAgainst(
  chunk: ColumnChunk,
  at: number,
  kind: 'bigint' | 'integer',
  bound: bigint,
): { known: number; newest: bigint } {
  const column = chunk.columns[at];
  if (column === undefined) throw new LensError('INTERNAL', `a chunk has no column ${at}`);
  const values = kind === 'bigint' ? column.longs : column.words;
  let known = 0;
  let newest: bigint | number = BELOW_ALL;
  for (let row = 0; row < chunk.rowCount; row++) {
    const key = values[row] as bigint | number;
    if (key <= bound) known++;
    if (key > newest) newest = key;
  }
  return { known, newest: BigInt(newest) };
}
