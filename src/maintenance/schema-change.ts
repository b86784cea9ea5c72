import { LensError } from '../core/errors.ts';
import type { Model } from '../project/project-contract.ts';
import type { Connection } from '../warehouse/connection.ts';
import { text } from '../warehouse/sql.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/** Whether dbt would refuse a change of the model's columns: `on_schema_change: fail` of an incremental model. */
export function keepsColumns({ materialized, config }: Model): boolean {
  return materialized === 'incremental' && config['on_schema_change'] === 'fail';
}

/**
 * Refuses to replace a table by one with other columns where the model says so: MODEL_FAILED with what is other, in the words of dbt's
 * macro (on_schema_change.sql). The order of columns does not count, as there.
 */
export async function requireSameColumns(connection: Connection, plan: MaintenancePlan): Promise<void> {
  if (!plan.keepsColumns) return;
  const { schema, identifier } = plan.relation;
  const target = await connection.rows<Column>(
    `select column_name as name, data_type as type from duckdb_columns()
     where database_name = current_database() and schema_name = ${text(schema)} and table_name = ${text(identifier)}
     order by column_index`,
  );
  if (target.length === 0) return;
  const added = without(plan.columns, target);
  const removed = without(target, plan.columns);
  const types = plan.columns.filter((column) => (typeOf(target, column.name) ?? column.type) !== column.type);
  if (added.length + removed.length + types.length === 0) return;
  const changes = [
    ['Source columns not in target', added.map(({ name, type }) => `${name} ${type}`)],
    ['Target columns not in source', removed.map(({ name, type }) => `${name} ${type}`)],
    ['New column types', types.map(({ name, type }) => `${name} ${typeOf(target, name)} -> ${type}`)],
  ] as const;
  const said = changes.filter(([, all]) => all.length > 0).map(([what, all]) => `${what}: ${all.join(', ')}`);
  throw new LensError(
    'MODEL_FAILED',
    `model ${plan.model} failed: The source and target schemas on this incremental model are out of sync! ${said.join('; ')}`,
    {
      place: plan.model,
      hint: `its on_schema_change is fail: lens run --full-refresh --select ${plan.model} builds it with these columns, and so does on_schema_change sync_all_columns`,
      fields: { model: plan.model },
    },
  );
}

interface Column {
  readonly name: string;
  readonly type: string;
}

function typeOf(columns: readonly Column[], name: string): string | undefined {
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.type;
}

function without(columns: readonly Column[], others: readonly Column[]): Column[] {
  return columns.filter(({ name }) => typeOf(others, name) === undefined);
}
