import { compile } from '../project/compile.ts';
import type { Dependencies, Model, Project, RelationNaming } from '../project/project-contract.ts';
import { ident } from '../warehouse/sql.ts';
import { ourName, ownName, type Written } from './written-plan.ts';

/** A SELECT over relations of a project: a model's, or a data test's. */
export interface Reading {
  readonly dependsOn: Dependencies;
  /** With its relations named as told, the ephemeral models it reads in front. */
  sql(naming: RelationNaming): string;
}

/** The SELECT of a model. */
export function readingOf(project: Project, model: Model): Reading {
  return { dependsOn: model.dependsOn, sql: (naming) => compile(project, model, naming) };
}

/** The SELECT with the views that it reads, directly or through others, as common table expressions in front. */
function withViews(project: Project, reading: Reading, naming: RelationNaming): string {
  const views = new Map<string, string>();
  const visit = (at: { readonly dependsOn: Dependencies }): void => {
    for (const name of at.dependsOn.models) {
      const read = project.model(name);
      if (read.materialized === 'ephemeral') visit(read);
      if (read.materialized !== 'view' || views.has(name)) continue;
      visit(read);
      const { schema, alias: identifier } = read;
      views.set(
        name,
        `${naming({ kind: 'model', name, schema, identifier })} as (\n${compile(project, read, naming)}\n)`,
      );
    }
  };
  visit(reading);
  const sql = reading.sql(naming);
  return views.size === 0 ? sql : `with ${[...views.values()].join(',\n')}\nselect * from (\n${sql}\n)`;
}

/** Ways to write a SELECT over names that common table expressions can stand in for: names of ours, then the tables' own. */
export function shadowTexts(project: Project, reading: Reading): Written[] {
  return [ourName, ownName].map((alias) => ({
    sql: withViews(project, reading, (relation) => ident(alias(relation))),
    alias,
  }));
}
