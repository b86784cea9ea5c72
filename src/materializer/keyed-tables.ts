import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { KeyedTable } from '../warehouse/key-indexes.ts';
import type { RawTable } from './raw-tables.ts';

/** The tables in which each batch looks up the rows it replaces by one column: raw tables that feed models, and models. */
export function keyedTables(tables: readonly RawTable[], plans: readonly MaintenancePlan[]): KeyedTable[] {
  const folded = plans.filter((plan) => plan.upkeep === 'batch');
  const read = new Set(plans.flatMap((plan) => plan.reads.map(({ name }) => name)));
  return [
    ...tables.flatMap(({ contract, schema, name }) =>
      contract.mode === 'upsert' && read.has(name) ? keyed(schema, name, contract.tableKey) : [],
    ),
    ...folded.flatMap(({ relation, key, uniqueKey }) =>
      uniqueKey ? keyed(relation.schema, relation.identifier, key) : [],
    ),
  ];
}

function keyed(schema: string, table: string, [column, second]: readonly string[]): KeyedTable[] {
  return column === undefined || second !== undefined ? [] : [{ schema, table, column }];
}
