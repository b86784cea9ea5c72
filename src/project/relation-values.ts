import { bind } from './jinja/arguments.ts';
import { text, Thing, truthy, type Callable, type Value } from './jinja/values.ts';
import type { Relation } from './project-contract.ts';
import { DATABASE, quoteIdentifier } from './relation-naming.ts';

/** What a relation is, where it is known; ephemeral models are `cte`. */
export type RelationType = 'table' | 'view' | 'cte' | null;

/** A relation as templates see it, with its text in dbt: SQL that is run has other names in its place. */
export function relationValue({ schema, identifier }: Relation, type: RelationType = null): Thing {
  return relationThing({ database: DATABASE, schema, identifier, type });
}

/** An ephemeral model, which stands in the SQL as a common table expression. */
export function ephemeralValue(name: string): Thing {
  const identifier = ephemeralName(name);
  return relationThing({ database: null, schema: null, identifier, type: 'cte' });
}

/** `api.Relation.create(schema=..., identifier=...)`. */
export const createRelation: Callable = (args) => {
  const given = bind('api.Relation.create', args, ['database', 'schema', 'identifier', 'type']);
  const [database, schema, identifier] = [nameOf(given.database), nameOf(given.schema), nameOf(given.identifier)];
  return relationThing({ database, schema, identifier, type: typeOf(given.type) });
};

function quotedParts(...parts: readonly (string | null)[]): string {
  return parts
    .filter((part) => part !== null)
    .map(quoteIdentifier)
    .join('.');
}

/** What templates may ask of a relation. */
interface RelationParts {
  readonly database: string | null;
  readonly schema: string | null;
  readonly identifier: string | null;
  readonly type: RelationType;
}

/** @param parts what its text has, which may be less than what it is */
function relationThing(
  parts: RelationParts,
  shown: Pick<RelationParts, 'database' | 'schema' | 'identifier'> = parts,
): Thing {
  const { database, schema, identifier, type } = parts;
  // its database alone with one of the others would stay in the SQL
  const inDatabase = shown.schema === null || shown.identifier === null ? null : shown.database;
  const render = (): string =>
    type === 'cte' ? (identifier ?? '') : quotedParts(inDatabase, shown.schema, shown.identifier);
  const include: Callable = (args) => {
    const chosen = bind('include', args, ['database', 'schema', 'identifier']);
    const kept = (value: Value | undefined, part: string | null): string | null =>
      truthy(value ?? true) ? part : null;
    return relationThing(parts, {
      database: kept(chosen.database, shown.database),
      schema: kept(chosen.schema, shown.schema),
      identifier: kept(chosen.identifier, shown.identifier),
    });
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
    incorporate: (args) => {
      const { path, type: kind } = bind('incorporate', args, ['path', 'type']);
      const part = (name: 'database' | 'schema' | 'identifier'): string | null => {
        const given = path instanceof Map ? path.get(name) : undefined;
        return given === undefined ? parts[name] : nameOf(given);
      };
      const places = { database: part('database'), schema: part('schema'), identifier: part('identifier') };
      return relationThing({ ...places, type: kind === undefined ? type : typeOf(kind) });
    },
    without_identifier: () => relationThing({ ...parts, identifier: null }, { ...shown, identifier: null }),
  };
  const get: Callable = ({ positional }) => attributes[text(positional[0] ?? null)] ?? positional[1] ?? null;
  return new Thing('relation', { ...attributes, get }, { text: render, mapping: true });
}

function nameOf(value: Value | undefined): string | null {
  return value === undefined || value === null ? null : text(value);
}

function typeOf(value: Value | undefined): RelationType {
  return value === 'table' || value === 'view' || value === 'cte' ? value : null;
}

/** dbt's name of the common table expression that holds an ephemeral model. */
export function ephemeralName(name: string): string {
  return `__dbt__cte__${name}`;
}
