import { LensError } from '../core/errors.ts';
import type { Project } from '../project/project-contract.ts';
import { type Answer, type Answers, PendingQuestion, questionKey } from '../project/questions.ts';
import type { RowSource } from './answer-question.ts';
import type { RawRelation } from './planner.ts';
import { Respondent } from './settle-project.ts';

/**
 * The SQL of a template that no relation is kept by, an inline query or an analysis, with what it asks of the warehouse answered as for a model.
 * MODEL_RENDER_FAILED, MODEL_UNKNOWN_REF, MODEL_NOT_SUPPORTED.
 *
 * @param raw the tables below the models; asked for only when there is a question
 */
export async function inlineSql(
  project: Project,
  render: (answers: Answers) => string,
  raw: (project: Project) => readonly RawRelation[],
  rows: RowSource,
): Promise<string> {
  const answers = new Map<string, Answer>();
  await using stack = new AsyncDisposableStack();
  let respondent: Respondent | undefined;
  for (;;) {
    try {
      return render(answers);
    } catch (error) {
      if (!(error instanceof PendingQuestion)) throw error;
      const { question } = error;
      respondent ??= stack.use(await Respondent.of(project, raw));
      const answer = (await respondent.answer(question, rows)) ?? (await respondent.answerFromCatalog(question, rows));
      if (answer === null)
        throw new LensError('MODEL_RENDER_FAILED', 'the template asks about a model whose SQL is not known');
      answers.set(questionKey(question), answer);
    }
  }
}
