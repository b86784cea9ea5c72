import { LensError } from '../core/errors.ts';
import type { Project, RelationColumn } from './project-contract.ts';

/** What a template asks of the warehouse while it is rendered for its SQL. */
export type Question =
  | { readonly kind: 'columns'; readonly schema: string; readonly identifier: string }
  /** The rows of a SELECT; relations in it are named as `qualified` names them. */
  | { readonly kind: 'rows'; readonly sql: string };

export type Answer =
  | { readonly columns: readonly RelationColumn[]; readonly rows: readonly (readonly unknown[])[] }
  | RowsAnswer
  /** It is never answered: who asked cannot be rendered. */
  | { readonly refused: string }
  /** What it asks about is not there yet: who asked is rendered when it is. */
  | { readonly waits: string };

/** Rows of tables as they were when they were asked for: the SQL of who asked follows from them. */
export interface RowsAnswer {
  readonly columns: readonly RelationColumn[];
  readonly rows: readonly (readonly unknown[])[];
  /** The SELECT as the warehouse is asked it: in an order without ties. */
  readonly query: string;
  /** By which it follows from the time, `now()`: only who may have other SQL each day is given it. */
  readonly clock?: string | undefined;
  /** The relations of the project that the query names. */
  readonly reads: readonly { readonly schema: string; readonly identifier: string }[];
  /** Null for the answer over empty tables, until the warehouse has been asked. */
  readonly since: AnsweredAt | null;
  /** Why the rows there are now have not been taken, though they are others; null or missing when they are not. */
  readonly newer?: string | null;
}

/** The checkpoint of the warehouse at which an answer was another one than before, or the first. */
export interface AnsweredAt {
  /** ISO 8601. */
  readonly at: string;
  /** Applied by then. */
  readonly records: number;
  readonly checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[];
}

function isOfRows(answer: Answer): answer is RowsAnswer {
  return 'since' in answer;
}

/** A query over rows that a template has asked, and what it was answered. */
export interface AskedRows {
  /** {@link questionKey} of it. */
  readonly key: string;
  readonly sql: string;
  readonly answer: RowsAnswer;
}

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

/** Thrown by a question about what is not there yet: the rendering is given up until it is. */
export class WaitingQuestion {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
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

/** MODEL_RENDER_FAILED when what is asked about is not there yet. */
export function withoutWaiting<T>(name: string, place: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof WaitingQuestion)) throw error;
    throw new LensError('MODEL_RENDER_FAILED', `${name} is not rendered yet: ${error.reason}`, { place });
  }
}

/** Renders for SQL with known answers. MODEL_RENDER_FAILED when a question among them has not been answered. */
export function withAnswers<T>(name: string, place: string, body: () => T): T {
  try {
    return withoutWaiting(name, place, body);
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
  /** Whether the warehouse as it is answers: not while SQL of models is rendered. */
  readonly isLive: boolean;
  readonly #given: readonly Answer[];
  readonly #asked: Answer[] = [];
  readonly #askedRows = new Map<string, AskedRows>();

  private constructor(known: Answers | null, given: readonly Answer[], isLive = false) {
    this.isLive = isLive;
    this.#known = known;
    this.#given = given;
  }

  static first(known: Answers): Interview {
    return new Interview(known, []);
  }

  static again(given: readonly Answer[]): Interview {
    return new Interview(null, given);
  }

  /** Of a hook: whoever runs it answers each question that has no answer yet, once. */
  static live(given: readonly Answer[]): Interview {
    return new Interview(null, given, true);
  }

  /** The answers so far, in the order of the questions. */
  get answers(): readonly Answer[] {
    return this.#asked;
  }

  /** Queries over rows that have been answered, each once. */
  get askedRows(): readonly AskedRows[] {
    return [...this.#askedRows.values()];
  }

  /** @param accept throws for an answer that cannot be taken, which then has not been given */
  ask(question: Question, accept: (answer: Answer) => void = () => undefined): Answer {
    const answer = this.#known === null ? this.#given[this.#asked.length] : this.#known.get(questionKey(question));
    // oxlint-disable-next-line typescript/only-throw-error -- a jump out of the rendering, not a failure
    if (answer === undefined) throw new PendingQuestion(question);
    accept(answer);
    this.#asked.push(answer);
    if (question.kind === 'rows' && isOfRows(answer)) {
      const key = questionKey(question);
      this.#askedRows.set(key, { key, sql: question.sql.trim(), answer });
    }
    return answer;
  }
}

/** Whether a project is what it is without a look at any warehouse. */
export function asksNothing({ questions, asked, waiting }: Pick<Project, 'questions' | 'asked' | 'waiting'>): boolean {
  return questions.length === 0 && asked.size === 0 && waiting.size === 0;
}
