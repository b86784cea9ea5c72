import { compile, qualified as named } from '../project/compile.ts';
import type { Project } from '../project/project-contract.ts';
import { asksNothing, questionKey, type Answer, type Question } from '../project/questions.ts';
import { DATABASE } from '../project/relation-naming.ts';
import { PlanCatalog } from '../warehouse/plan-catalog.ts';
import { qualified } from '../warehouse/sql.ts';
import { answerQuestion, type RowSource } from './answer-question.ts';
import { addModels, type Standing } from './models-so-far.ts';
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
    await using respondent = await Respondent.of(project, raw);
    const { questions } = project;
    // the catalog last, when all that can be there is
    const found =
      (await answersOf(questions, (one) => respondent.answer(one, rows))) ??
      (await answersOf(questions, (one) => respondent.answerFromCatalog(one, rows))) ??
      questions.map((one) => [questionKey(one), CIRCULAR] as const);
    for (const [key, answer] of found) answers.set(key, answer);
    project = loaded.answering(answers);
  }
  if (asksNothing(project)) return project;
  await using catalog = await openCatalog(raw(project));
  const { waiting } = await addModels(catalog, project);
  return withWaiting(project, waiting);
}

/** Null where there is none. */
async function answersOf(
  questions: readonly Question[],
  answerTo: (question: Question) => Promise<Answer | null>,
): Promise<(readonly [string, Answer])[] | null> {
  const found: (readonly [string, Answer])[] = [];
  for (const question of questions) {
    const answer = await answerTo(question);
    if (answer !== null) found.push([questionKey(question), answer]);
  }
  return found.length === 0 ? null : found;
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

async function openCatalog(raw: readonly RawRelation[], database?: string): Promise<PlanCatalog> {
  const catalog = await PlanCatalog.open(database);
  for (const { schema, identifier, columns } of raw) await catalog.createTable(schema, identifier, columns);
  return catalog;
}

/** Answers what is asked of a project as far as it is known: over empty relations, as {@link settleProject} says. */
export class Respondent implements AsyncDisposable {
  readonly #project: Project;
  readonly #raw: readonly RawRelation[];
  readonly #catalog: PlanCatalog;
  readonly #standing: Standing;
  #described: PlanCatalog | null = null;

  private constructor(project: Project, raw: readonly RawRelation[], catalog: PlanCatalog, standing: Standing) {
    this.#project = project;
    this.#raw = raw;
    this.#catalog = catalog;
    this.#standing = standing;
  }

  static async of(project: Project, raw: (project: Project) => readonly RawRelation[]): Promise<Respondent> {
    const relations = raw(project);
    const catalog = await openCatalog(relations);
    try {
      return new Respondent(project, relations, catalog, await addModels(catalog, project));
    } catch (error) {
      await catalog[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Null for a question that has to wait for the answer to another one, and for one about the catalog. */
  answer(question: Question, rows: RowSource): Promise<Answer | null> {
    return answerQuestion(this.#catalog, question, this.#standing, rows, null);
  }

  /** The same with those about the catalog. */
  async answerFromCatalog(question: Question, rows: RowSource): Promise<Answer | null> {
    this.#described ??= await this.#describe();
    return await answerQuestion(this.#catalog, question, this.#standing, rows, this.#described);
  }

  /**
   * The warehouse as its catalog describes it when all that is known by now has been built: models whose SQL follows from what they
   * ask of the catalog, and what reads them, are not in it.
   */
  async #describe(): Promise<PlanCatalog> {
    const { waiting } = this.#standing;
    const described = await openCatalog(this.#raw, DATABASE);
    for (const model of this.#project.models) {
      const { name, schema, alias, materialized } = model;
      // It may be made over empty tables, and break its contract.
      if (waiting.has(name)) continue;
      const columns = await this.#catalog.describe(`select * from ${qualified(schema, alias)}`).catch(() => null);
      // Ephemeral, or of SQL that is not known by now or does not bind: the planner tells what is wrong with it.
      if (columns === null) continue;
      if (materialized === 'view') await described.createView(schema, alias, compile(this.#project, model, named));
      else await described.createTable(schema, alias, columns);
    }
    return described;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#catalog[Symbol.asyncDispose]();
    await this.#described?.[Symbol.asyncDispose]();
  }
}

/** The same of a project that has been answered before, as its files were read then. */
export function answeredAnew(
  project: Project,
  raw: (project: Project) => readonly RawRelation[],
  rows: RowSource,
): Promise<Project> {
  return settleProject(project.answering(new Map()), raw, rows);
}
