import type { Connection } from '../warehouse/connection.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import { isWide, storedColumn } from '../warehouse/stored-column.ts';
import { buildState } from './aggregate-state.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';
import { requireConstraints } from './constraint-check.ts';
import { requireSameColumns } from './schema-change.ts';
import { requireUnique } from './unique-check.ts';

/**
 * Replaces a model's table by its whole SELECT, and its states, inside the caller's transaction. Gives the number of rows.
 * MODEL_KEY_NOT_UNIQUE when its `unique_key` is not, MODEL_CONSTRAINT_BROKEN, MODEL_FAILED where it is to keep its columns and has others.
 */
export async function rebuild(connection: Connection, plan: MaintenancePlan): Promise<number> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  await requireSameColumns(connection, plan);
  await connection.run(
    `create schema if not exists ${ident(plan.relation.schema)};
     ${createFilled(target, plan)}`,
  );
  await requireUnique(connection, plan, target);
  await requireConstraints(connection, plan, { all: target });
  for (const state of plan.states) await buildState(connection, state);
  return connection.number(`select count(*) from ${target}`);
}

function createFilled(target: string, { columns, fullSql }: MaintenancePlan): string {
  const rows = `select * from (\n${fullSql}\n)`;
  if (!columns.some(({ type }) => isWide(type))) return `create or replace table ${target} as ${rows}`;
  const list = columns.map(({ name, type }) => storedColumn(name, type));
  return `create or replace table ${target} (${list.join(', ')});\ninsert into ${target} ${rows}`;
}

/** Creates or replaces a view. */
export async function createView(connection: Connection, plan: MaintenancePlan): Promise<void> {
  const target = qualified(plan.relation.schema, plan.relation.identifier);
  await connection.run(
    `create schema if not exists ${ident(plan.relation.schema)};
     create or replace view ${target} as\n${plan.fullSql}`,
  );
}
