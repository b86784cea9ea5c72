import { LensError, messageOf } from '../core/errors.ts';
import { compile, qualified } from '../project/compile.ts';
import type { Model, Project } from '../project/project-contract.ts';
import { questionKey, type Answer, type Answers, type Question } from '../project/questions.ts';
import { PlanCatalog } from '../warehouse/plan-catalog.ts';
import { ident, qualified as qualifiedName } from '../warehouse/sql.ts';
import { nondeterministicCalls } from './analysis/duckdb/nondeterministic-calls.ts';
import { tablesNamed } from './analysis/duckdb/tables-named.ts';
import type { RawRelation } from './planner.ts';
import { stabilityIn } from './surroundings.ts';

/**
 * Loads a project and answers what its templates ask of the warehouse, over empty relations: columns follow from the SQL
 * of the models and from the tables below them, and a query that reads no table gives the same everywhere. So the SQL
 * of every model stays a function of the project and its contracts. A query that reads a table has no such answer: it is refused,
 * and who asks is left out of the project that is given, with a warning.
 *
 * @param load loads the project with the answers so far
 * @param raw the tables below the models; asked for only when there is a question
 */
export async function settleProject(
  load: (answers: Answers) => Project,
  raw: (project: Project) => readonly RawRelation[],
): Promise<Project> {
  const answers = new Map<string, Answer>();
  let project = load(answers);
  // each round answers the questions below all that are open
  while (project.questions.length > 0) {
    await using catalog = await PlanCatalog.open();
    for (const { schema, identifier, columns } of raw(project)) await catalog.createTable(schema, identifier, columns);
    const open = await addModels(catalog, project);
    const before = answers.size;
    for (const question of project.questions) {
      const key = questionKey(question);
      if (!open.has(key)) answers.set(key, await answer(catalog, question));
    }
    if (answers.size === before) for (const question of project.questions) answers.set(questionKey(question), CIRCULAR);
    project = load(answers);
  }
  return project;
}

const CIRCULAR: Answer = { refused: 'its SQL follows from the columns of a model whose SQL follows from it' };

/** Makes what can be rendered by now. Gives the questions for the columns of models that ask something themselves, or read such ones. */
async function addModels(catalog: PlanCatalog, project: Project): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  const waiting = new Set<string>();
  for (const model of project.models) {
    const { name, schema, alias: identifier, materialized, dependsOn } = model;
    const sql = dependsOn.models.some((one) => waiting.has(one)) ? null : rendered(project, model);
    if (sql === null) {
      waiting.add(name);
      open.add(questionKey({ kind: 'columns', schema, identifier }));
    } else if (materialized !== 'ephemeral') {
      // one that does not bind is not there: the planner tells what is wrong with it
      await catalog.createView(schema, identifier, sql).catch(() => undefined);
    }
  }
  return open;
}

/** Null for a model that asks what has not been answered. */
function rendered(project: Project, model: Model): string | null {
  try {
    return compile(project, model, qualified);
  } catch (error) {
    if (error instanceof LensError && error.code === 'MODEL_RENDER_FAILED') return null;
    throw error;
  }
}

async function answer(catalog: PlanCatalog, question: Question): Promise<Answer> {
  if (question.kind === 'columns') {
    const { schema, identifier } = question;
    try {
      const columns = await catalog.describe(`select * from ${qualifiedName(schema, identifier)}`);
      return { columns: columns.map(({ name, type }) => ({ name, type })), rows: [] };
    } catch (error) {
      return { refused: `the columns of ${ident(schema)}.${ident(identifier)} are not known: ${messageOf(error)}` };
    }
  }
  const why = await whyNotConstant(catalog, question.sql);
  if (why !== null) return { refused: `its SQL follows from a query that ${why}` };
  try {
    const columns = await catalog.describe(question.sql);
    const rows = await catalog.rows(question.sql);
    return { columns, rows: rows.map((row) => columns.map(({ name }) => row[name])) };
  } catch (error) {
    return { refused: `a query of its template fails: ${messageOf(error)}` };
  }
}

/** What makes the result of a query another one from time to time; null when it is the same everywhere. */
async function whyNotConstant(catalog: PlanCatalog, sql: string): Promise<string | null> {
  const parsed = await catalog.parsed(sql);
  if (parsed === null) return 'is not one SELECT';
  const [table] = tablesNamed(parsed);
  if (table !== undefined) return `reads rows of ${table.schema === '' ? '' : `${table.schema}.`}${table.table}`;
  const stability = await stabilityIn(catalog);
  const [call] = nondeterministicCalls(
    parsed,
    (name) => stability(name) !== 'stable',
    () => false,
  );
  return call === undefined ? null : `calls ${call}`;
}
