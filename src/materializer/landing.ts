import type { ChangeSet } from '../maintenance/change-set.ts';
import { createTemporary, onlyIn, temporary } from '../maintenance/change-set.ts';
import type { SealedBatch } from '../topics/topic-batch.ts';
import type { Connection } from '../warehouse/connection.ts';
import { LOOKED_UP_KEYS } from '../warehouse/key-indexes.ts';
import { ident, idents } from '../warehouse/sql.ts';
import { landPatch } from './landing-patch.ts';
import type { NewestKeys } from './newest-keys.ts';
import type { RawTable } from './raw-tables.ts';
import { appendTemporary, temporaryColumns } from './staging.ts';

export interface LandingOptions {
  readonly wantChanges: boolean;
  /** Of the edition whose table it is. */
  readonly newest: NewestKeys;
}

/**
 * Lands one topic's sealed batch in its raw table, inside the batch's transaction. With `wantChanges` the rows that left
 * and came are kept as a change set for the models that read the table; without (bulk, or nobody reads it in the batch)
 * the rows go straight into the table.
 *
 * The batch holds each key once, so DELETE and INSERT are exact; they are also the fastest way at every size (no
 * primary key, no UPDATE).
 */
export async function land(
  connection: Connection,
  table: RawTable,
  sealed: SealedBatch,
  { wantChanges, newest }: LandingOptions,
): Promise<ChangeSet | null> {
  if (sealed.rowCount === 0 && sealed.deletedCount === 0) return null;
  switch (table.contract.mode) {
    case 'append':
      return landAppend(connection, table, sealed, wantChanges);
    case 'upsert':
      if (wantChanges) return landUpsert(connection, table, sealed, newest);
      newest.forget(table);
      return landBulk(connection, table, sealed);
    case 'patch':
      return landPatch(connection, table, sealed);
  }
}

async function landAppend(
  connection: Connection,
  table: RawTable,
  sealed: SealedBatch,
  wantChanges: boolean,
): Promise<ChangeSet | null> {
  await connection.append({ schema: table.schema, table: table.name }, sealed.rows);
  if (!wantChanges) return null;
  const fresh = temporary('in', table.name);
  await appendTemporary(connection, fresh, table.contract.columns, sealed.rows);
  return onlyIn(fresh);
}

async function landUpsert(
  connection: Connection,
  table: RawTable,
  sealed: SealedBatch,
  newest: NewestKeys,
): Promise<ChangeSet> {
  const { contract, relation } = table;
  const key = contract.tableKey;
  const [fresh, old] = [temporary('in', table.name), temporary('out', table.name)];
  const known = await newest.of(connection, table, sealed);
  await appendTemporary(connection, fresh, contract.columns, sealed.rows);
  const insert = `insert into ${relation} select * from ${fresh}`;
  const sameAs = (other: string): string => sameKey('t', other, key);
  const fetch = async (): Promise<number> => {
    const keys = await batchKeys(connection, table, fresh, sealed);
    const where = known.condition === null ? '' : ` where ${known.condition}`;
    const wanted = `(select ${idents(key)} from ${keys}${where})`;
    const rows = (columns: string, of: string): string =>
      `select ${columns} from ${relation} t semi join ${of} k on ${sameAs('k')}`;
    if (known.count <= LOOKED_UP_KEYS) return connection.number(createTemporary(old, rows('t.*', wanted)));
    // So many are looked for without an index, which would read whole rows: first the keys alone.
    const found = temporary('found', table.name);
    const count = await connection.number(createTemporary(found, rows(idents(key, 't.'), wanted)));
    return count === 0 ? 0 : connection.number(createTemporary(old, rows('t.*', found)));
  };
  // Most batches of new events have no old rows, and need no more.
  if (known.count === 0 || (await fetch()) === 0) {
    await connection.run(insert);
    return onlyIn(fresh);
  }
  await connection.run(`delete from ${relation} t using ${old} k where ${sameAs('k')};\n${insert}`);
  return { rowsOut: old, rowsIn: fresh, onlyIn: false };
}

/** The keys of a batch's rows and tombstones, as a table. */
async function batchKeys(
  connection: Connection,
  table: RawTable,
  fresh: string,
  { deletedCount, deletedKeys }: SealedBatch,
): Promise<string> {
  if (deletedCount === 0) return fresh;
  const [gone, keys] = [temporary('gone', table.name), temporary('keys', table.name)];
  const columns = idents(table.contract.tableKey);
  await appendTemporary(connection, gone, keyColumns(table), deletedKeys);
  await connection.run(
    createTemporary(keys, `select ${columns} from ${fresh} union all select ${columns} from ${gone}`),
  );
  return keys;
}

async function landBulk(connection: Connection, table: RawTable, sealed: SealedBatch): Promise<null> {
  const { contract, relation } = table;
  const keys = temporary('keys', table.name);
  const [any] = await connection.rows(`select 1 from ${relation} limit 1`);
  if (any !== undefined) {
    const at = contract.tableKey.map((name) => contract.columns.findIndex((column) => column.name === name));
    const ofRows = sealed.rows.map((chunk) => chunk.project(at));
    await appendTemporary(connection, keys, keyColumns(table), [...ofRows, ...sealed.deletedKeys]);
    await connection.run(`delete from ${relation} t using ${keys} k where ${sameKey('t', 'k', contract.tableKey)}`);
  }
  await connection.append({ schema: table.schema, table: table.name }, sealed.rows);
  return null;
}

function keyColumns(table: RawTable): ReturnType<typeof temporaryColumns> {
  return temporaryColumns(table.contract.columns, table.contract.tableKey);
}

/** Table keys are never null, so a plain comparison is exact and lets DuckDB hash. */
function sameKey(left: string, right: string, key: readonly string[]): string {
  return key.map((name) => `${left}.${ident(name)} = ${right}.${ident(name)}`).join(' and ');
}
