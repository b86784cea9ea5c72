import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { askOf, keptAnswers } from '../models/template-answers.ts';

/** Rows that a template has asked for, and that its SQL follows from. */
export interface AnswerStatus {
  /** The model, or the unique id of the data test. */
  readonly template: string;
  /** `SCHEMA.NAME` of what it reads. */
  readonly reads: readonly string[];
  readonly rows: number;
  /** When the answer has become this one (ISO 8601), and the records applied by then; null for that over empty tables. */
  readonly since: { readonly at: string; readonly records: number } | null;
  /** Why the rows there are now have not been taken; null when they are no others, or have not been looked at since. */
  readonly newer: string | null;
}

export async function answerStatus(
  connection: Connection,
  { asked }: Pick<Project, 'asked'>,
): Promise<readonly AnswerStatus[]> {
  if (asked.size === 0) return [];
  const kept = await keptAnswers(askOf(connection));
  return [...asked].flatMap(([template, all]) =>
    all.map(({ key, answer: { reads, rows, since } }) => ({
      template,
      reads: reads.map(({ schema, identifier }) => `${schema}.${identifier}`),
      rows: rows.length,
      since: since === null ? null : { at: since.at, records: since.records },
      newer: kept.get(key)?.newer ?? null,
    })),
  );
}
