import { LensError } from '../core/errors.ts';
import type { RelationColumn } from './project-contract.ts';

/** What a template asks of the warehouse while it is rendered for its SQL. */
export type Question =
  | { readonly kind: 'columns'; readonly schema: string; readonly identifier: string }
  /** The rows of a SELECT; relations in it are named as `qualified` names them. */
  | { readonly kind: 'rows'; readonly sql: string };

export type Answer =
  | { readonly columns: readonly RelationColumn[]; readonly rows: readonly (readonly unknown[])[] }
  /** It has no answer that stays the same: who asked cannot be rendered. */
  | { readonly refused: string };

/** Answers by the text of their question. */
export type Answers = ReadonlyMap<string, Answer>;

export function questionKey(question: Question): string {
  return JSON.stringify(question.kind === 'rows' ? [question.sql.trim()] : [question.schema, question.identifier]);
}

/** Thrown by a question that nobody has answered yet. It ends the rendering, which begins anew once it is answered. */
export class PendingQuestion {
  readonly question: Question;
  constructor(question: Question) {
    this.question = question;
  }
}

/** The question that ends a rendering. */
export function questionOf(render: () => unknown): Question | null {
  try {
    render();
    return null;
  } catch (error) {
    if (error instanceof PendingQuestion) return error.question;
    throw error;
  }
}

/** Renders for SQL with known answers. MODEL_RENDER_FAILED when a question among them has not been answered. */
export function withAnswers<T>(name: string, place: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof PendingQuestion)) throw error;
    const { question } = error;
    const what = question.kind === 'rows' ? 'a query' : `the columns of ${question.schema}.${question.identifier}`;
    throw new LensError('MODEL_RENDER_FAILED', `the SQL of ${name} follows from ${what}, which is not known here`, {
      place,
    });
  }
}

/**
 * The questions of one rendering. The first one looks answers up by their question; a later one of the same template, with
 * relations named otherwise, takes the same answers in the same order. So the SQL stays a function of the project.
 */
export class Interview {
  readonly #known: Answers | null;
  readonly #given: readonly Answer[];
  readonly #asked: Answer[] = [];

  private constructor(known: Answers | null, given: readonly Answer[]) {
    this.#known = known;
    this.#given = given;
  }

  static first(known: Answers): Interview {
    return new Interview(known, []);
  }

  static again(given: readonly Answer[]): Interview {
    return new Interview(null, given);
  }

  /** The answers so far, in the order of the questions. */
  get answers(): readonly Answer[] {
    return this.#asked;
  }

  ask(question: Question): Answer {
    const answer = this.#known === null ? this.#given[this.#asked.length] : this.#known.get(questionKey(question));
    // oxlint-disable-next-line typescript/only-throw-error -- a jump out of the rendering, not a failure
    if (answer === undefined) throw new PendingQuestion(question);
    this.#asked.push(answer);
    return answer;
  }
}
