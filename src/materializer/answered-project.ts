import { answeredAnew } from '../maintenance/settle-project.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { inputRelations, inputTables } from './input-tables.ts';
import { type Ask, keptOrAsked } from './models/template-answers.ts';

/** A project with the rows that are kept, else those there are now, where its templates ask for any. */
export async function projectAnsweredBy(
  ask: Ask,
  { project, catalog }: { readonly project: Project; readonly catalog: TopicCatalog },
): Promise<Project> {
  if (project.asked.size === 0) return project;
  return answeredAnew(project, (one) => inputRelations(inputTables(catalog, one)), keptOrAsked(ask));
}

/** What waits for rows, or cannot be built at all, a sentence each. */
export function waitingWords({ waiting, faulty }: Pick<Project, 'waiting' | 'faulty'>): string[] {
  return [...waiting].map(([name, why]) => {
    if (faulty.has(name)) return `the model ${name} cannot be built, and its table, if any, stays as it is: ${why}`;
    return `the model ${name} waits ${faulty.size > 0 ? 'until' : 'for rows with which'} it can be built: ${why}`;
  });
}
