import { bind } from './jinja/arguments.ts';
import { text, Thing, truthy, type Callable, type Value } from './jinja/values.ts';
import type { Relation, RelationNaming } from './project-contract.ts';
import { DATABASE, quoteIdentifier } from './relation-naming.ts';

/** What a relation is, where it is known; ephemeral models are `cte`. */
export type RelationType = 'table' | 'view' | 'cte' | null;

/** A relation as templates see it; its text is the naming's. */
export function relationValue(relation: Relation, naming: RelationNaming, type: RelationType = null): Thing {
  const { schema, identifier } = relation;
  return relationThing({ database: DATABASE, schema, identifier, type }, () => naming(relation));
}

/** An ephemeral model, which stands in the SQL as a common table expression. */
export function ephemeralValue(name: string): Thing {
  const identifier = ephemeralName(name);
  return relationThing({ database: null, schema: null, identifier, type: 'cte' }, () => identifier);
}

/** `api.Relation.create(schema=..., identifier=...)`. */
export const createRelation: Callable = (args) => {
  const given = bind('api.Relation.create', args, ['database', 'schema', 'identifier', 'type']);
  const name = (value: Value | undefined): string | null =>
    value === undefined || value === null ? null : text(value);
  const [database, schema, identifier] = [name(given.database), name(given.schema), name(given.identifier)];
  const type = name(given.type);
  const known = type === 'table' || type === 'view' || type === 'cte' ? type : null;
  return relationThing({ database, schema, identifier, type: known }, () => quotedParts(schema, identifier));
};

function quotedParts(...parts: readonly (string | null)[]): string {
  return parts
    .filter((part) => part !== null)
    .map(quoteIdentifier)
    .join('.');
}

/** What templates may ask of a relation. Its text has no database: the file of a next edition has another name. */
interface RelationParts {
  readonly database: string | null;
  readonly schema: string | null;
  readonly identifier: string | null;
  readonly type: RelationType;
}

function relationThing(parts: RelationParts, render: () => string): Thing {
  const { database, schema, identifier, type } = parts;
  const include: Callable = (args) => {
    const chosen = bind('include', args, ['database', 'schema', 'identifier']);
    const [withSchema, withName] = [chosen.schema ?? true, chosen.identifier ?? true].map(truthy);
    if (schema === null || (withSchema && withName)) return relationThing(parts, render);
    return relationThing(parts, () => quotedParts(withSchema ? schema : null, withName ? identifier : null));
  };
  const attributes: Record<string, Value> = {
    database,
    schema,
    identifier,
    name: identifier,
    table: identifier,
    type,
    is_table: type === 'table',
    is_view: type === 'view',
    is_cte: type === 'cte',
    metadata: new Map<Value, Value>([['type', 'DuckDBRelation']]),
    render,
    include,
    without_identifier: () => relationThing({ ...parts, identifier: null }, () => quotedParts(schema)),
  };
  const get: Callable = ({ positional }) => attributes[text(positional[0] ?? null)] ?? positional[1] ?? null;
  return new Thing('relation', { ...attributes, get }, { text: render, mapping: true });
}

/** dbt's name of the common table expression that holds an ephemeral model. */
export function ephemeralName(name: string): string {
  return `__dbt__cte__${name}`;
}
