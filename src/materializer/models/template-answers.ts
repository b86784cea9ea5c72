import { rowValues, type RowSource, type RowsQuery } from '../../maintenance/answer-question.ts';
import type { Project } from '../../project/project-contract.ts';
import type { AnsweredAt, RowsAnswer } from '../../project/questions.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { ResultColumn, ResultSink } from '../../warehouse/read-only-query.ts';

/** Asks a warehouse: rows with their values in JSON form. */
export type Ask = (
  sql: string,
) => Promise<{ readonly columns: RowsAnswer['columns']; readonly rows: readonly (readonly unknown[])[] }>;

/** On a connection of one's own. */
export function askOf(connection: Connection): Ask {
  return async (sql) => {
    const columns = await connection.describe(sql);
    return { columns, rows: (await connection.jsonRows(sql)).map((row) => columns.map(({ name }) => row[name])) };
  };
}

/** By whoever streams the rows of a query. */
export function askWith(stream: (sql: string, sink: ResultSink) => Promise<unknown>): Ask {
  return async (sql) => {
    const columns: ResultColumn[] = [];
    const rows: (readonly unknown[])[] = [];
    await stream(sql, { columns: (all) => void columns.push(...all), rows: (piece) => void rows.push(...piece) });
    return { columns, rows };
  };
}

/**
 * Rows as they are kept; those of a query that is not kept as they are now. Null for a query that the warehouse cannot answer: what it
 * reads is not there yet.
 */
export function keptOrAsked(ask: Ask): RowSource {
  let kept: Promise<ReadonlyMap<string, RowsAnswer>> | undefined;
  return async (query) => {
    kept ??= keptAnswers(ask);
    return (await kept).get(query.key) ?? (await askRows(ask, query));
  };
}

/** Rows as they are now; null as {@link keptOrAsked}. */
export async function askRows(ask: Ask, { query, reads, clock }: RowsQuery): Promise<RowsAnswer | null> {
  try {
    const { columns, rows } = await ask(query);
    return { columns, rows: rowValues(columns, rows), query, reads, clock, since: await answeredAt(ask) };
  } catch {
    return null;
  }
}

async function answeredAt(ask: Ask): Promise<AnsweredAt> {
  const { rows } = await ask(
    'select topic, "partition", next_offset, next_offset - first_offset from lens.checkpoint order by 1, 2',
  );
  const entries = rows as [string, number, number, number][];
  return {
    at: new Date().toISOString(),
    records: entries.reduce((sum, [, , , records]) => sum + records, 0),
    checkpoint: entries.map(([topic, partition, nextOffset]) => ({ topic, partition, nextOffset })),
  };
}

/** By question. Empty where the warehouse has the form of an earlier release. */
export async function keptAnswers(ask: Ask): Promise<Map<string, RowsAnswer>> {
  const found = await ask('select question, answer, newer from lens.template_answers').catch(() => ({ rows: [] }));
  return new Map(
    found.rows.map(([question, answer, newer]) => [
      question as string,
      { ...(JSON.parse(answer as string) as RowsAnswer), newer: newer as string | null },
    ]),
  );
}

/** Keeps the answers that the SQL of a project's models follows from, and no others, inside the caller's transaction. */
export async function writeAnswers(connection: Connection, { asked }: Pick<Project, 'asked'>): Promise<void> {
  await connection.run('delete from lens.template_answers');
  const answers = new Map([...asked.values()].flatMap((all) => all.map(({ key, answer }) => [key, answer] as const)));
  for (const [key, { columns, rows, query, reads, clock, since }] of answers) {
    if (since === null) continue;
    const answer = JSON.stringify({ columns, rows, query, reads, clock, since });
    await connection.run('insert into lens.template_answers values (?, ?, null)', [key, answer]);
  }
}

/** Notes why newer rows have not been taken, by question; null where there are none. Inside the caller's transaction. */
export async function noteNewer(connection: Connection, newer: ReadonlyMap<string, string | null>): Promise<void> {
  for (const [question, why] of newer) {
    await connection.run(
      `create or replace temp table lens_answer as select question, answer from lens.template_answers where question = ?`,
      [question],
    );
    await connection.run('delete from lens.template_answers where question = ?', [question]);
    await connection.run('insert into lens.template_answers select question, answer, ? from lens_answer', [why]);
  }
}
