import { qualified } from '../../warehouse/sql.ts';
import type { Edition } from '../edition.ts';
import { neverRefreshed } from '../models/never-refreshed.ts';

/**
 * Models with `on_schema_change: fail` get the columns of their SELECT by a full refresh alone: in the next edition there is no table of
 * theirs then that could have others.
 */
export async function dropForRefresh(edition: Edition, models: readonly string[]): Promise<void> {
  const { plans, project } = edition;
  const named = plans.filter(({ model, keepsColumns }) => keepsColumns && models.includes(model));
  await edition.write(async (connection) => {
    for (const { model, relation } of named) {
      if (neverRefreshed(project.model(model))) continue;
      await connection.run(`drop table if exists ${qualified(relation.schema, relation.identifier)}`);
    }
  });
}
