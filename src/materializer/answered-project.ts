import { answeredAnew } from '../maintenance/settle-project.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { EventSink } from './events.ts';
import { inputRelations, inputTables } from './input-tables.ts';
import type { FailedModel } from './operations.ts';
import { type Ask, keptOrAsked } from './models/template-answers.ts';

/** A project with the rows that are kept, else those there are now, where its templates ask for any. */
export async function projectAnsweredBy(
  ask: Ask,
  { project, catalog }: { readonly project: Project; readonly catalog: TopicCatalog },
): Promise<Project> {
  if (project.asked.size === 0) return project;
  return answeredAnew(project, (one) => inputRelations(inputTables(catalog, one)), keptOrAsked(ask));
}

/** What waits, for rows or for a model that cannot be built, a sentence each. */
export function waitingWords({ waiting, faulty }: Pick<Project, 'waiting' | 'faulty'>): string[] {
  const until = faulty.size > 0 ? 'until' : 'for rows with which';
  const others = [...waiting].filter(([name]) => !faulty.has(name));
  return others.map(([name, why]) => `the model ${name} waits ${until} it can be built: ${why}`);
}

/** The models that cannot be built at all, a sentence each. */
export function faultyModels({ waiting, faulty }: Pick<Project, 'waiting' | 'faulty'>): FailedModel[] {
  return [...faulty].map(([name, { code }]) => ({
    name,
    message: `the model ${name} cannot be built (${code}), and its table, if any, stays as it is: ${waiting.get(name)}`,
  }));
}

/** Tells of them. */
export function tellFaulty(project: Pick<Project, 'waiting' | 'faulty'>, onEvent: EventSink): void {
  for (const { name: model, message } of faultyModels(project)) onEvent({ kind: 'model-failed', model, message });
}
