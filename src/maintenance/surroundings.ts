import type { CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';
import type { StabilityOf } from './analysis/duckdb/bound-expression.ts';
import { isNondeterministic } from './analysis/duckdb/nondeterministic-calls.ts';
import type { NeverNullColumns } from './analysis/never-null.ts';
import type { Stability } from './analysis/plan-tree.ts';
import type { TableKeys } from './analysis/unique-keys.ts';
import type { Relation } from './maintenance-plan.ts';

/** What the analysis knows of the relations a SELECT may read. */
export interface Surroundings {
  /** Of a table of the catalog. */
  readonly relation: (table: string) => Relation;
  readonly keysOf: TableKeys;
  readonly neverNull: NeverNullColumns;
  readonly columns: (table: string) => readonly CatalogColumn[];
  readonly stability: StabilityOf;
}

/** DuckDB's word for the stability of functions, as the analysis has it. */
export async function stabilityIn(catalog: PlanCatalog): Promise<StabilityOf> {
  const unstable = await catalog.unstableFunctions();
  const words: Readonly<Record<string, Stability>> = { VOLATILE: 'volatile', CONSISTENT_WITHIN_QUERY: 'clock' };
  return (fn) => {
    const word = unstable.get(fn);
    if (word === undefined) return isNondeterministic(fn) ? 'clock' : 'stable';
    return words[word] ?? 'volatile';
  };
}
