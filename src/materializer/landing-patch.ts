import { type ChangeSet, createTemporary, temporary } from '../maintenance/change-set.ts';
import type { SealedBatch } from '../topics/topic-batch.ts';
import type { TopicKind } from '../topics/topic-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, text } from '../warehouse/sql.ts';
import type { RawTable } from './raw-tables.ts';
import { appendTemporary, temporaryColumns } from './staging.ts';

/**
 * Patch by kind: each record replaces the columns of its kind, a tombstone of (key, kind) empties them, and a row
 * without any kind is gone.
 *
 * Each touched row is put together from one source per kind: the batch's record, or the stored row where its `_kinds`
 * bit is set and the batch says nothing. Joining sources, rather than choosing per column, since DuckDB 1.5 cannot
 * CASE or COALESCE over fixed-size arrays.
 */
export async function landPatch(connection: Connection, table: RawTable, sealed: SealedBatch): Promise<ChangeSet> {
  const { contract, relation } = table;
  const key = contract.tableKey;
  const [staged, gone] = [temporary('new', table.name), temporary('gone', table.name)];
  const [keys, old, fresh] = [temporary('keys', table.name), temporary('out', table.name), temporary('in', table.name)];
  const kindColumn = { name: '_kind', type: { kind: 'varchar' }, nullable: false } as const;
  const keyColumns = temporaryColumns(contract.columns, key);
  const values = contract.columns.slice(key.length, -1);
  await appendTemporary(connection, staged, [...keyColumns, kindColumn, ...values], sealed.rows);
  await appendTemporary(connection, gone, [...keyColumns, kindColumn], sealed.deletedKeys);
  const onKey = key.map((name) => `t.${ident(name)} = k.${ident(name)}`).join(' and ');
  const left = await connection.number(
    [
      createTemporary(keys, `select ${idents(key)} from ${staged} union select ${idents(key)} from ${gone}`),
      createTemporary(old, `select t.* from ${relation} t semi join ${keys} k on ${onKey}`),
      createTemporary(fresh, mergedRows(table, { keys, staged, gone, old })),
      `delete from ${relation} t using ${keys} k where ${onKey}`,
      `insert into ${relation} select * from ${fresh}`,
      `select count(*) from ${old}`,
    ].join(';\n'),
  );
  return { rowsOut: old, rowsIn: fresh, onlyIn: left === 0 };
}

interface Staged {
  readonly keys: string;
  readonly staged: string;
  readonly gone: string;
  readonly old: string;
}

function mergedRows({ contract }: RawTable, staged: Staged): string {
  const key = idents(contract.tableKey);
  const sources = contract.kinds.map(
    (kind, bit) => `s${bit} as (${sourceOfKind(contract.tableKey, kind, bit, staged)})`,
  );
  const joins = contract.kinds.map((_, bit) => `left join s${bit} using (${key})`).join('\n');
  const bits = contract.kinds.map((_, bit) => `case when s${bit}.present then ${1 << bit} else 0 end`).join(' + ');
  const columns = contract.columns.slice(contract.tableKey.length, -1).map(({ name }) => {
    const bit = contract.kinds.findIndex((kind) => kind.columns.includes(name));
    return `s${bit}.${ident(name)}`;
  });
  return `with ${sources.join(',\n')}
    select * from (
      select ${idents(contract.tableKey, 'k.')}, ${columns.join(', ')}, ${bits} as _kinds
      from ${staged.keys} k ${joins}
    ) where _kinds <> 0`;
}

/** The key columns, the kind's columns and `present`, for every touched row that has the kind after the batch. */
function sourceOfKind(tableKey: readonly string[], kind: TopicKind, bit: number, staged: Staged): string {
  const columns = idents([...tableKey, ...kind.columns]);
  const same = (right: string): string =>
    tableKey.map((name) => `o.${ident(name)} = ${right}.${ident(name)}`).join(' and ');
  return `select ${columns}, true as present from ${staged.staged} where _kind = ${text(kind.name)}
    union all
    select ${columns}, true from ${staged.old} o
    where (o._kinds & ${1 << bit}) <> 0
      and not exists (select 1 from ${staged.staged} b where b._kind = ${text(kind.name)} and ${same('b')})
      and not exists (select 1 from ${staged.gone} g where g._kind = ${text(kind.name)} and ${same('g')})`;
}
