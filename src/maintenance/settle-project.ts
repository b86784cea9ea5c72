import type { Project } from '../project/project-contract.ts';
import { questionKey, type Answer } from '../project/questions.ts';
import { PlanCatalog } from '../warehouse/plan-catalog.ts';
import { answerQuestion, type RowSource } from './answer-question.ts';
import { addModels } from './models-so-far.ts';
import type { RawRelation } from './planner.ts';

/**
 * Answers what a project's templates ask of the warehouse. Columns follow from the SQL of the models and from the tables below them, over
 * empty relations; a query that reads no table gives the same everywhere. Rows of tables are those that `rows` gives, else those of
 * empty tables. So the SQL of every model is a function of the project, its contracts, and these rows.
 *
 * A model that cannot be made with the rows there are, and what reads it, waits (`Project.waiting`): it is no error. What has no answer
 * at all leaves out who asks, with a warning.
 *
 * @param raw the tables below the models; asked for only when there is a question
 * @param rows asked only for queries that read tables
 */
export async function settleProject(
  loaded: Project,
  raw: (project: Project) => readonly RawRelation[],
  rows: RowSource = async () => null,
): Promise<Project> {
  const answers = new Map<string, Answer>();
  let project = loaded;
  // each round answers the questions below all that are open
  while (project.questions.length > 0) {
    await using catalog = await openCatalog(project, raw);
    const standing = await addModels(catalog, project);
    const before = answers.size;
    for (const question of project.questions) {
      const answer = await answerQuestion(catalog, question, standing, rows);
      if (answer !== null) answers.set(questionKey(question), answer);
    }
    if (answers.size === before) for (const question of project.questions) answers.set(questionKey(question), CIRCULAR);
    project = loaded.answering(answers);
  }
  if (project.asked.size === 0 && project.waiting.size === 0) return project;
  await using catalog = await openCatalog(project, raw);
  const { waiting } = await addModels(catalog, project);
  return withWaiting(project, waiting);
}

/** Also of the project without some of its seeds. */
function withWaiting(project: Project, waiting: ReadonlyMap<string, string>): Project {
  return {
    ...project,
    waiting,
    leftOut: new Map([...project.leftOut, ...waiting]),
    withoutSeeds: (broken) => withWaiting(project.withoutSeeds(broken), waiting),
  };
}

const CIRCULAR: Answer = { refused: 'its SQL follows from a model whose SQL follows from it' };

async function openCatalog(project: Project, raw: (project: Project) => readonly RawRelation[]): Promise<PlanCatalog> {
  const catalog = await PlanCatalog.open();
  for (const { schema, identifier, columns } of raw(project)) await catalog.createTable(schema, identifier, columns);
  return catalog;
}

/** The same of a project that has been answered before, as its files were read then. */
export function answeredAnew(
  project: Project,
  raw: (project: Project) => readonly RawRelation[],
  rows: RowSource,
): Promise<Project> {
  return settleProject(project.answering(new Map()), raw, rows);
}
