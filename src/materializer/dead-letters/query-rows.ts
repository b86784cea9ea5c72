import type { WarehouseReads } from '../operations.ts';

/** The whole result of a SELECT that is known to be small. */
export async function queryRows(
  reads: Pick<WarehouseReads, 'streamQuery'>,
  sql: string,
): Promise<Record<string, unknown>[]> {
  let names: string[] = [];
  const found: Record<string, unknown>[] = [];
  await reads.streamQuery(
    sql,
    { maxRows: Number.MAX_SAFE_INTEGER },
    {
      columns: (columns) => void (names = columns.map(({ name }) => name)),
      rows: (rows) => void found.push(...rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))),
    },
  );
  return found;
}
