import type { RawRelation } from '../maintenance/planner.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { fedTables, rawRelation, type RawTable, rawTables, unfedSources } from './raw-tables.ts';
import { seedRelation, type SeedTable, seedTables } from './seeds/seed-tables.ts';

/** The tables that a project's models are made from. */
export interface InputTables {
  /** Landed from topics. */
  readonly tables: readonly RawTable[];
  /** Loaded from CSV files. */
  readonly seeds: readonly SeedTable[];
}

/** Throws what rawTables and seedTables throw. */
export function inputTables(catalog: TopicCatalog, project: Project): InputTables {
  return { tables: rawTables(catalog, project), seeds: seedTables(catalog, project) };
}

/** As the planner sees them. */
export function inputRelations({ tables, seeds }: InputTables): RawRelation[] {
  return [...tables.map(rawRelation), ...seeds.map(seedRelation)];
}

/**
 * The same of a project some of whose sources may have no topic yet: such a table has the columns that its yml file declares, if any.
 * Enough for what templates ask of columns, and so for listing a project and for writing its contracts.
 */
export function relationsSoFar(catalog: TopicCatalog, project: Project): RawRelation[] {
  const declared = unfedSources(catalog, project).flatMap(({ schema, table, columns }): RawRelation[] => {
    const named = columns.map(({ name, dataType }) => ({ name, type: knownType(dataType) }));
    return named.length === 0 ? [] : [{ name: table, schema, identifier: table, columns: named, key: null }];
  });
  const tables = fedTables(catalog, project).map(rawRelation);
  return [...tables, ...declared, ...seedTables(catalog, project).map(seedRelation)];
}

/** A declared type where DuckDB has one of the name; files may have those of other warehouses. */
function knownType(declared: string | null): string {
  return declared !== null &&
    /^((tiny|small|big|huge)?int|integer|double|float|real|bool(ean)?|date|timestamp|(decimal|numeric)(\(.+\))?)$/i.test(
      declared,
    )
    ? declared
    : 'varchar';
}
