import { LensError } from '../core/errors.ts';
import type { Project } from './project-contract.ts';

/**
 * Schemas that relations cannot be in. DuckDB takes the first part of a name for a database where one is called so: `warehouse` by its
 * file, `memory` where SQL is only looked at, `temp` and `system` always.
 */
const TAKEN: Readonly<Record<string, string>> = {
  warehouse: 'the database is called so',
  memory: 'a database of DuckDB is called so',
  temp: 'a database of DuckDB is called so',
  system: 'a database of DuckDB is called so',
  information_schema: "it is DuckDB's own",
  pg_catalog: "it is DuckDB's own",
  lens: 'it holds the system tables',
};

/** PROJECT_INVALID for a model, a seed or a source table that models read, in a schema that cannot be used. */
export function requireUsableSchemas({ models, seeds, sources }: Pick<Project, 'models' | 'seeds' | 'sources'>): void {
  const stored = models.filter(({ materialized }) => materialized !== 'ephemeral');
  const read = new Set(models.flatMap(({ dependsOn }) => dependsOn.sourceNames));
  for (const { name, schema, path } of stored) requireUsable(schema, `model ${name}`, path);
  for (const { name, schema, path } of seeds) requireUsable(schema, `seed ${name}`, path);
  for (const { sourceName, name, schema, place } of sources) {
    if (read.has(`${sourceName}.${name}`)) requireUsable(schema, `source ${sourceName}.${name}`, place);
  }
}

function requireUsable(schema: string, what: string, place: string): void {
  const name = schema.toLowerCase();
  if (!Object.hasOwn(TAKEN, name)) return;
  throw new LensError('PROJECT_INVALID', `${what} cannot be in schema ${schema}: ${TAKEN[name]}`, {
    place,
    hint: 'give it another one with schema:, generate_schema_name, or target.schema',
  });
}
