import type { Connection } from '../../warehouse/connection.ts';
import { type ModelRecord, readModelRecords } from '../models/model-states.ts';
import { type ModelDefinition, readDefinitions } from './model-definition.ts';

/** A relation that a model has left: it is gone from the project, or writes to another one now. */
export interface LeftRelation {
  readonly model: string;
  readonly schema: string;
  readonly identifier: string;
}

/** What a warehouse knows of its models. */
export interface StoredModels {
  readonly records: ReadonlyMap<string, ModelRecord>;
  readonly definitions: ReadonlyMap<string, ModelDefinition>;
  /** `BASE TABLE` or `VIEW`, by `schema.name` ({@link relationId}). */
  readonly relations: ReadonlyMap<string, string>;
  readonly left: readonly LeftRelation[];
}

export async function readStoredModels(connection: Connection): Promise<StoredModels> {
  const relations = await connection.rows<{ schema: string; identifier: string; kind: string }>(
    `select table_schema as schema, table_name as identifier, table_type as kind from information_schema.tables
     where table_catalog = current_database()`,
  );
  return {
    records: await readModelRecords(connection),
    definitions: await readDefinitions(connection),
    relations: new Map(relations.map((one) => [relationId(one), one.kind])),
    left: await connection.rows<LeftRelation>(
      'select model, schema_name as schema, identifier from lens.left_relations order by all',
    ),
  };
}

/** One text for a relation; DuckDB's names do not depend on case. */
export function relationId({ schema, identifier }: { readonly schema: string; readonly identifier: string }): string {
  return JSON.stringify([schema.toLowerCase(), identifier.toLowerCase()]);
}
