import { ephemeralName } from './relation-values.ts';
import type { Answers } from './questions.ts';
import type { Dependencies, Model, Project, RelationNaming } from './project-contract.ts';

export { bare, qualified } from './relation-naming.ts';

/**
 * The SELECT of a model with its relations named as told; ephemeral models it reads stand in front of it as common
 * table expressions `__dbt__cte__NAME`. MODEL_RENDER_FAILED with file and line.
 */
export function compile(project: Project, model: Model, naming: RelationNaming): string {
  return withEphemerals(project.renderer.model(model, naming), model.dependsOn, {
    model: (name) => project.model(name),
    render: (one) => project.renderer.model(one, naming),
  });
}

/**
 * The same of a template that is no file of the project: `lens show --inline`.
 *
 * @param answers to what it asks of the warehouse; throws a PendingQuestion that has none
 */
export function compileInline(
  project: Project,
  template: string,
  naming: RelationNaming,
  answers: Answers = new Map(),
): string {
  const { sql, dependsOn } = project.renderer.inline(template, naming, answers);
  return withEphemerals(sql, dependsOn, {
    model: (name) => project.model(name),
    render: (one) => project.renderer.model(one, naming),
  });
}

/** How to find and render the models that a text reads. */
export interface ModelAccess {
  model(name: string): Model;
  render(model: Model): string;
}

/** Puts the ephemeral models among the dependencies in front of a SELECT, those they read themselves before them. */
export function withEphemerals(sql: string, dependsOn: Dependencies, access: ModelAccess): string {
  const expressions = new Map<string, string>();
  const visit = (names: readonly string[]): void => {
    for (const name of names) {
      const model = access.model(name);
      if (model.materialized !== 'ephemeral' || expressions.has(name)) continue;
      visit(model.dependsOn.models);
      expressions.set(name, `${ephemeralName(name)} as (\n${access.render(model).trim()}\n)`);
    }
  };
  visit(dependsOn.models);
  return withExpressions(sql, [...expressions.values()]);
}

/** Puts common table expressions in front of a SELECT, and of those that it has itself. */
export function withExpressions(sql: string, expressions: readonly string[]): string {
  if (expressions.length === 0) return sql;
  const list = expressions.join(',\n');
  // white space and comments, then the model's own `with`
  const own = /^((?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*)(with(?:\s+recursive)?)\b/i.exec(sql);
  if (own === null) return `with ${list}\n${sql}`;
  return `${own[1] ?? ''}${own[2] ?? ''} ${list},${sql.slice(own[0].length)}`;
}
