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

/** What templates may ask of a relation. */
interface RelationParts {
  readonly database: string | null;
  readonly schema: string | null;
  readonly identifier: string | null;
  readonly type: RelationType;
}

const PLACES = ['database', 'schema', 'identifier'] as const;

/**
 * @param shown what its text has, which may be less than what it is
 * @param bare what of it stands without quotes
 */
function relationThing(
  parts: RelationParts,
  shown: Pick<RelationParts, (typeof PLACES)[number]> = parts,
  bare: ReadonlySet<(typeof PLACES)[number]> = new Set(),
): Thing {
  const { database, schema, identifier, type } = parts;
  // its database alone with one of the others would stay in the SQL
  const inDatabase = shown.schema === null || shown.identifier === null ? null : shown.database;
  const render = (): string =>
    type === 'cte'
      ? (identifier ?? '')
      : PLACES.flatMap((place) => {
          const part = place === 'database' ? inDatabase : shown[place];
          return part === null ? [] : [bare.has(place) ? part : quoteIdentifier(part)];
        }).join('.');
  const include: Callable = (args) => {
    const chosen = bind('include', args, ['database', 'schema', 'identifier']);
    const kept = (value: Value | undefined, part: string | null): string | null =>
      truthy(value ?? true) ? part : null;
    const left = {
      database: kept(chosen.database, shown.database),
      schema: kept(chosen.schema, shown.schema),
      identifier: kept(chosen.identifier, shown.identifier),
    };
    return relationThing(parts, left, bare);
  };
  const quote: Callable = (args) => {
    const chosen = bind('quote', args, PLACES);
    return relationThing(parts, shown, new Set(PLACES.filter((place) => !truthy(chosen[place] ?? !bare.has(place)))));
  };
  const replacePath: Callable = (args) => {
    const given = bind('replace_path', args, PLACES);
    const placed = Object.fromEntries(PLACES.map((one) => [one, one in given ? nameOf(given[one]) : parts[one]]));
    return relationThing({ ...parts, ...placed });
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
    is_materialized_view: false,
    is_dynamic_table: false,
    is_pointer: false,
    render,
    include,
    quote,
    replace_path: replacePath,
    incorporate: (args) => {
      const { path, type: kind } = bind('incorporate', args, ['path', 'type']);
      const part = (name: (typeof PLACES)[number]): string | null => {
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
