import { sqlType, type Column } from '../core/columns.ts';
import type { ColumnChunk } from '../core/column-chunk.ts';
import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident } from '../warehouse/sql.ts';

/** Makes a temporary table of ours anew and fills it with column chunks. */
export async function appendTemporary(
  connection: Connection,
  table: string,
  columns: readonly Column[],
  chunks: readonly ColumnChunk[],
): Promise<void> {
  const definitions = columns.map((column) => `${ident(column.name)} ${sqlType(column.type)}`).join(', ');
  const name = table.replace(/^temp\./, '');
  await connection.run(`create or replace temp table ${name} (${definitions})`);
  if (chunks.length > 0) await connection.append({ catalog: 'temp', schema: 'main', table: name.slice(1, -1) }, chunks);
}

/** The named columns, in the order of `names`. */
export function temporaryColumns(columns: readonly Column[], names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columns.find((c) => c.name === name);
    if (column === undefined) throw new LensError('INTERNAL', `no column ${name}`);
    return column;
  });
}
