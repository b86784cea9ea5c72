import type { RawRelation } from '../maintenance/planner.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { rawRelation, type RawTable, rawTables } from './raw-tables.ts';
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
