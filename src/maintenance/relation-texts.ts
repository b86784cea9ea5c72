import type { Project } from '../project/project-contract.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import { withViews, type Reading } from './with-views.ts';
import { ourName, ownName, type Written } from './written-plan.ts';

/**
 * Ways to write a SELECT over names that common table expressions can stand in for: names of ours, then the tables' own. Texts
 * in it do not follow the names. None when they cannot be kept, the first alone when they are names.
 */
export function shadowTexts(project: Project, reading: Reading): Written[] {
  const ours = withViews(project, reading, (relation) => ident(ourName(relation)));
  const mended = withRelationTexts(project, ours);
  if (mended === null) return [];
  const first = { sql: mended, alias: ourName };
  // a table's own name cannot be told from any other text
  if (mended !== ours) return [first];
  return [first, { sql: withViews(project, reading, (relation) => ident(ownName(relation))), alias: ownName }];
}

/** Comments, identifiers in quotes, and texts; only what begins with `'` or `$` is a text. */
const TOKENS = /--[^\n]*|\/\*[^]*?\*\/|"(?:[^"]|"")*"|\$\$[^]*?\$\$|'(?:[^']|'')*'/g;

/**
 * A SELECT that names what it reads by names of ours, with the texts in it that are names of relations (the
 * `_dbt_source_relation` of `dbt_utils.union_relations`) as a full build has them: those are rows, not names. Null when a text was
 * made of such a name in a way that cannot be undone.
 */
function withRelationTexts(project: Project, sql: string): string | null {
  const names = [
    ...project.models.map(({ schema, alias }) => ({ schema, identifier: alias })),
    ...project.seeds.map(({ schema, alias }) => ({ schema, identifier: alias })),
    ...project.sources.map(({ schema, table }) => ({ schema, identifier: table })),
  ];
  let undone = true;
  const written = sql.replaceAll(TOKENS, (literal) => {
    if (!/^['$]/.test(literal) || !literal.includes(OURS)) return literal;
    const text = names.reduce(
      (done, name) => done.replaceAll(ident(ourName(name)), qualified(name.schema, name.identifier)),
      literal,
    );
    undone &&= !names.some((name) => text.includes(ourName(name)));
    return text;
  });
  return undone ? written : null;
}

const OURS = ourName({ schema: '', identifier: '' }).slice(0, -1);
