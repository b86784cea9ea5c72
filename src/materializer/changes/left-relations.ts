import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified, text } from '../../warehouse/sql.ts';
import type { RawTable } from '../raw-tables.ts';
import { type LeftRelation, relationId, type StoredModels } from './stored-models.ts';

/** A relation by the names it has in the warehouse. */
type Named = Pick<LeftRelation, 'schema' | 'identifier'>;

/**
 * The relations that models of the warehouse have left, or leave with the models as they are now: those that are there, and that
 * nothing of the project has. Nobody keeps them, and nobody but `lens apply` drops them, as with dbt.
 *
 * @param present the relations of the project's models, sources and raw tables
 */
export function leftRelations(stored: StoredModels, present: readonly Named[]): LeftRelation[] {
  const taken = new Set(present.map(relationId));
  const leaving = [...stored.definitions].map(([model, { schema, identifier }]) => ({ model, schema, identifier }));
  const found = new Map<string, LeftRelation>();
  for (const one of [...stored.left, ...leaving]) {
    const id = relationId(one);
    if (stored.relations.has(id) && !taken.has(id)) found.set(id, one);
  }
  return [...found.values()];
}

/** The relations that belong to a project: of its models and seeds, its sources, whether a model reads them or not, and its topics. */
export function presentRelations(
  project: Project,
  plans: readonly MaintenancePlan[],
  raw: readonly RawTable[],
): Named[] {
  return [
    ...plans.map(({ relation }) => relation),
    ...project.seeds.map(({ schema, alias }) => ({ schema, identifier: alias })),
    ...project.sources.map(({ schema, table }) => ({ schema, identifier: table })),
    ...raw.map(({ schema, name }) => ({ schema, identifier: name })),
  ];
}

/** Makes `lens.left_relations` these, inside the caller's transaction. */
export async function writeLeft(connection: Connection, left: readonly LeftRelation[]): Promise<void> {
  const rows = left.map(({ model, schema, identifier }) => `(${[model, schema, identifier].map(text).join(', ')})`);
  const insert = rows.length === 0 ? '' : `; insert into lens.left_relations values ${rows.join(', ')}`;
  await connection.run(`delete from lens.left_relations${insert}`);
}

/** Drops them, views first, but for those of models that are left out, inside the caller's transaction. */
export async function dropLeft(
  connection: Connection,
  { left, relations }: Pick<StoredModels, 'left' | 'relations'>,
  leftOut: Project['leftOut'],
): Promise<void> {
  const gone = left.filter(({ model }) => !leftOut.has(model));
  const isView = (one: LeftRelation): boolean => relations.get(relationId(one)) === 'VIEW';
  for (const one of [...gone.filter(isView), ...gone.filter((table) => !isView(table))]) {
    await connection.run(`drop ${isView(one) ? 'view' : 'table'} if exists ${qualified(one.schema, one.identifier)}`);
  }
  await writeLeft(
    connection,
    left.filter(({ model }) => leftOut.has(model)),
  );
}
