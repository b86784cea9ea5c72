import type { Project } from '../project-contract.ts';
import { DATABASE } from '../relation-naming.ts';
import type { Json } from './manifest-nodes.ts';

/** A column of a relation as it is in the warehouse. */
export interface StoredColumn {
  readonly schema: string;
  readonly relation: string;
  readonly isView: boolean;
  readonly column: string;
  /** From 1. */
  readonly index: number;
  readonly type: string;
}

export interface CatalogOptions {
  /** Unique ids of what is to be in it; all when null. */
  readonly only: ReadonlySet<string> | null;
  /** The head of the artifact. */
  readonly metadata: Json;
  readonly columns: readonly StoredColumn[];
  /** Rows of tables by `SCHEMA.RELATION`. */
  readonly rows: ReadonlyMap<string, number>;
}

/** dbt's catalog.json, schema v1: what of the project's relations is in the warehouse, with its columns and types. */
export function catalogOf(project: Project, { metadata, columns, rows, only }: CatalogOptions): Json {
  const stored = Map.groupBy(columns, ({ schema, relation }) => keyOf(schema, relation));
  const table = (uniqueId: string, schema: string, name: string): [string, Json][] => {
    const key = keyOf(schema, name);
    const own = stored.get(key);
    if (own === undefined || only?.has(uniqueId) === false) return [];
    const count = rows.get(key);
    return [
      [
        uniqueId,
        {
          metadata: {
            type: own[0]?.isView === true ? 'VIEW' : 'BASE TABLE',
            schema,
            name,
            database: DATABASE,
            comment: null,
            owner: null,
          },
          columns: Object.fromEntries(
            own
              .toSorted((a, b) => a.index - b.index)
              .map(({ column, index, type }) => [column, { type, index, name: column, comment: null }]),
          ),
          stats: statistics(count),
          unique_id: uniqueId,
        },
      ],
    ];
  };
  const nodes = [
    ...project.models.flatMap(({ uniqueId, schema, alias }) => table(uniqueId, schema, alias)),
    ...project.seeds.flatMap(({ uniqueId, schema, alias }) => table(uniqueId, schema, alias)),
  ];
  const sources = project.sources.flatMap((source) => table(source.uniqueId, source.schema, source.table));
  return { metadata, nodes: Object.fromEntries(nodes), sources: Object.fromEntries(sources), errors: null };
}

/** DuckDB's names are the same in any case. */
export function keyOf(schema: string, relation: string): string {
  return `${schema}.${relation}`.toLowerCase();
}

function statistics(rows: number | undefined): Json {
  const has = {
    id: 'has_stats',
    label: 'Has Stats?',
    value: rows !== undefined,
    include: false,
    description: 'Indicates whether there are statistics for this table',
  };
  if (rows === undefined) return { has_stats: has };
  const count = { id: 'num_rows', label: 'Row Count', value: rows, include: true, description: 'Rows of the table' };
  return { has_stats: has, num_rows: count };
}
