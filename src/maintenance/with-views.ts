import { compile } from '../project/compile.ts';
import type { Model, Project, RelationNaming } from '../project/project-contract.ts';

/** The SELECT with the views that it reads, directly or through others, as common table expressions in front. */
export function withViews(project: Project, model: Model, naming: RelationNaming): string {
  const views = new Map<string, string>();
  const visit = (at: Model): void => {
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
  visit(model);
  const sql = compile(project, model, naming);
  return views.size === 0 ? sql : `with ${[...views.values()].join(',\n')}\nselect * from (\n${sql}\n)`;
}
