import type { Relation, RelationNaming } from './project-contract.ts';
import { DATABASE, quoteIdentifier } from './relation-naming.ts';

const NAME = '(?:"(?:[^"]|"")*"|[A-Za-z_]\\w*)';

/** Comments, texts, and names with dots in between. */
const TOKENS = new RegExp(
  [
    '--[^\\n]*',
    '/\\*[^]*?\\*/',
    '\\$(\\w*)\\$[^]*?\\$\\1\\$',
    "[eE]'(?:[^'\\\\]|\\\\[^]|'')*'",
    "'(?:[^']|'')*'",
    `(?<![\\w".])${NAME}(?:\\s*\\.\\s*${NAME})*`,
  ].join('|'),
  'g',
);
const NAMES = new RegExp(NAME, 'g');

const QUOTED_DATABASE = quoteIdentifier(DATABASE);
const CATALOG = /^"?(?:information_schema|pg_catalog)"?$/i;

/**
 * The SQL that a template gave, in which relations stand as dbt has them, `"warehouse"."main"."orders"`, with its relations
 * named as told. Texts stay as they are, such as the `_dbt_source_relation` of `dbt_utils.union_relations`: those are rows, not
 * names. No name of the database is left, since the file of a next edition has another one.
 *
 * @param known the relation of the project at a place
 */
export function withNames(
  sql: string,
  known: (schema: string, identifier: string) => Relation | undefined,
  naming: RelationNaming,
): string {
  if (!sql.includes('"."') && !sql.toLowerCase().includes(`${DATABASE}.`)) return sql;
  return sql.replaceAll(TOKENS, (token) => {
    if (!token.includes('.') || !/^["\w]/.test(token)) return token;
    const parts = token.match(NAMES) ?? [];
    const withDatabase = parts.length > 2 && (parts[0] === QUOTED_DATABASE || parts[0]?.toLowerCase() === DATABASE);
    const [schema, identifier, ...columns] = withDatabase ? parts.slice(1) : parts;
    if (schema === undefined || identifier === undefined) return token;
    const isQuoted = schema.startsWith('"') && identifier.startsWith('"');
    const relation = withDatabase || isQuoted ? known(nameOf(schema), nameOf(identifier)) : undefined;
    if (relation !== undefined) return [naming(relation), ...columns].join('.');
    const isOfDatabase = withDatabase && (parts[0] === QUOTED_DATABASE || CATALOG.test(schema));
    return isOfDatabase ? [schema, identifier, ...columns].join('.') : token;
  });
}

/** The name that an identifier in SQL means. */
function nameOf(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
