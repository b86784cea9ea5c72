import type { WarehouseStatus } from '../materializer/operations.ts';
import { count } from './numbers.ts';
import { textTable } from './text-table.ts';

/** The tables with their rows: raw ones first, then models in the order they are built; views have no rows of their own. */
export function tablesSummary({ rawTables, models }: WarehouseStatus): string {
  const rows = [
    ...rawTables.map(({ name, rows }) => [name, count(rows)]),
    ...models.map(({ name, rows }) => [name, rows === null ? 'view' : count(rows)]),
  ];
  return textTable([{ name: 'TABLE' }, { name: 'ROWS', right: true }], rows);
}
