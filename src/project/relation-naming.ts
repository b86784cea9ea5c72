import type { Relation, RelationNaming } from './project-contract.ts';

/**
 * DuckDB 1.5's reserved words: `select keyword_name from duckdb_keywords() where keyword_category = 'reserved'`.
 */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
  deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
  into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary
  qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot
  using variadic when where window with`.split(/\s+/),
);

/** An identifier in double quotes. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An identifier without quotes where DuckDB reads it back as the same name, else quoted. */
function bareIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : quoteIdentifier(name);
}

/** DuckDB's name of the warehouse: that of its file. */
export const DATABASE = 'warehouse';

/** `"warehouse"."main"."dim_users"`: for artifacts. SQL that is run names no database, since the file of a next edition has another name. */
export function withDatabase(schema: string, identifier: string): string {
  return [DATABASE, schema, identifier].map(quoteIdentifier).join('.');
}

/** What {@link withDatabase} made, for SQL that somebody may run whatever the file is called. */
export function withoutDatabase(name: string): string {
  return name.slice(`${quoteIdentifier(DATABASE)}.`.length);
}

/** `"main"."dim_users"`: for SQL that stands on its own. */
export const qualified: RelationNaming = (relation: Relation) =>
  `${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.identifier)}`;

/** `dim_users`: for SQL whose inputs may be replaced by common table expressions of the same name. */
export const bare: RelationNaming = (relation: Relation) => bareIdentifier(relation.identifier);
