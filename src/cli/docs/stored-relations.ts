import type { WarehouseReads } from '../../materializer/operations.ts';
import { keyOf, type StoredColumn } from '../../project/artifacts/catalog.ts';
import type { Project } from '../../project/project-contract.ts';
import { qualified } from '../../project/relation-naming.ts';

/** What of the project is in the warehouse: columns of tables and views, and how many rows the tables have. */
export interface StoredRelations {
  readonly columns: readonly StoredColumn[];
  readonly rows: ReadonlyMap<string, number>;
}

/** Every relation of the catalog, by the query operation: so that it is read beside a running service, too. */
export async function storedRelations(reads: WarehouseReads, project: Project): Promise<StoredRelations> {
  const columns = (
    await query(
      reads,
      `select c.table_schema, c.table_name, t.table_type = 'VIEW', c.column_name, c.ordinal_position, c.data_type
      from information_schema.columns c
      join information_schema.tables t using (table_catalog, table_schema, table_name)
      where table_catalog = current_database()`,
    )
  ).map(([schema, relation, isView, column, index, type]): StoredColumn => ({
    schema: String(schema),
    relation: String(relation),
    isView: isView === true,
    column: String(column),
    index: Number(index),
    type: String(type),
  }));
  const tables = new Set(
    columns.filter(({ isView }) => !isView).map(({ schema, relation }) => keyOf(schema, relation)),
  );
  const counted = relationsOf(project).filter(({ schema, identifier }) => tables.has(keyOf(schema, identifier)));
  const counts = await Promise.all(
    counted.map(async (relation) => {
      const [row] = await query(reads, `select count(*) from ${qualified(relation)}`);
      return [keyOf(relation.schema, relation.identifier), Number(row?.[0] ?? 0)] as const;
    }),
  );
  return { columns, rows: new Map(counts) };
}

type Relation = Parameters<typeof qualified>[0];

function relationsOf({ models, seeds, sources }: Project): Relation[] {
  return [
    ...models.map(({ name, schema, alias }): Relation => ({ kind: 'model', name, schema, identifier: alias })),
    ...seeds.map(({ name, schema, alias }): Relation => ({ kind: 'seed', name, schema, identifier: alias })),
    ...sources.map(({ name, schema, table }): Relation => ({ kind: 'source', name, schema, identifier: table })),
  ];
}

async function query(reads: WarehouseReads, sql: string): Promise<(readonly unknown[])[]> {
  const rows: (readonly unknown[])[] = [];
  await reads.streamQuery(
    sql,
    { maxRows: Number.MAX_SAFE_INTEGER },
    { columns: () => {}, rows: (piece) => void rows.push(...piece) },
  );
  return rows;
}
