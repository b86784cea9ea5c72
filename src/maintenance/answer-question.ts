import { messageOf } from '../core/errors.ts';
import { type Answer, type Question, questionKey, type RowsAnswer } from '../project/questions.ts';
import type { CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import {
  isCatalogSchema,
  nondeterministicCalls,
  readsCatalog,
  readsClock,
} from './analysis/duckdb/nondeterministic-calls.ts';
import { tablesNamed } from './analysis/duckdb/tables-named.ts';
import { inFixedOrder } from './fixed-order.ts';
import { relationKey, type Standing } from './models-so-far.ts';
import { stabilityIn } from './surroundings.ts';

/** A query over rows that a template asks. */
export interface RowsQuery extends Pick<RowsAnswer, 'query' | 'reads' | 'clock'> {
  /** {@link questionKey} of it. */
  readonly key: string;
}

/** Gives the rows of a query as they are kept, or as the warehouse has them now; null when it cannot tell. */
export type RowSource = (query: RowsQuery) => Promise<RowsAnswer | null>;

/**
 * Null for a question that has to wait for the answer to another one.
 *
 * @param described the warehouse as its catalog describes it; null while other questions may still be answered, by which there will be more in it
 */
export async function answerQuestion(
  catalog: PlanCatalog,
  question: Question,
  standing: Standing,
  rows: RowSource,
  described: PlanCatalog | null,
): Promise<Answer | null> {
  if (question.kind === 'columns') {
    const { schema, identifier } = question;
    const later = answeredLater([{ schema, identifier }], standing);
    if (later !== undefined) return later;
    try {
      const columns = await catalog.describe(`select * from ${qualified(schema, identifier)}`);
      return { columns: columns.map(({ name, type }) => ({ name, type })), rows: [] };
    } catch (error) {
      return { refused: `the columns of ${ident(schema)}.${ident(identifier)} are not known: ${messageOf(error)}` };
    }
  }
  const sql = question.sql.trim();
  const parsed = await catalog.parsed(sql);
  if (parsed === null) return { refused: 'its SQL follows from a query that is not one SELECT' };
  const named = tablesNamed(parsed).filter(({ schema }) => !isCatalogSchema(schema));
  const reads = named.map(({ schema, table }) => ({ schema: schema || 'main', identifier: table }));
  const later = answeredLater(reads, standing);
  if (later !== undefined) return later;
  try {
    const stability = await stabilityIn(catalog);
    const names = await columnNames(catalog, reads);
    const calls = nondeterministicCalls(
      parsed,
      (name) => stability(name) !== 'stable',
      (name) => names.has(name.toLowerCase()),
    ).map((one) => one.call);
    if (calls.length > 0 && reads.length === 0 && calls.every(readsCatalog))
      return described === null ? null : await answerOf(described, sql);
    const [call] = calls;
    // rows and the time together would be others at each look
    const isOfClock = reads.length === 0 && calls.every(readsClock);
    if (call !== undefined && !isOfClock) return { refused: `its SQL follows from a query that calls ${call}` };
    const columns = await catalog.describe(sql);
    if (reads.length === 0 && call === undefined) return { columns, rows: await rowsOf(catalog, columns, sql) };
    const query = await inFixedOrder(catalog, sql, columns);
    const given = await rows({ key: questionKey(question), query, reads, clock: call });
    return given ?? { columns, rows: await rowsOf(catalog, columns, query), query, reads, clock: call, since: null };
  } catch (error) {
    return { refused: `a query of its template fails: ${messageOf(error)}` };
  }
}

/** The same of the same relations, in whatever order the catalog has them. */
async function answerOf(described: PlanCatalog, sql: string): Promise<Answer> {
  const columns = await described.describe(sql);
  return { columns, rows: await rowsOf(described, columns, await inFixedOrder(described, sql, columns)) };
}

/** Points in time as Python prints them, the others as they are in JSON. */
export function rowValues(
  columns: readonly { readonly type: string }[],
  rows: readonly (readonly unknown[])[],
): unknown[][] {
  const times = columns.map(({ type }) => type.startsWith('TIMESTAMP'));
  const zone = columns.map(({ type }) => (type === 'TIMESTAMP WITH TIME ZONE' ? '+00:00' : ''));
  return rows.map((row) =>
    row.map((value, at) =>
      times[at] === true && typeof value === 'string' ? value.replace('T', ' ').replace('Z', zone[at] ?? '') : value,
    ),
  );
}

async function rowsOf(catalog: PlanCatalog, columns: readonly CatalogColumn[], sql: string): Promise<unknown[][]> {
  const rows = await catalog.rows(sql);
  return rowValues(
    columns,
    rows.map((row) => columns.map(({ name }) => row[name])),
  );
}

/** Undefined when all relations are there, or are none of the project's models. */
function answeredLater(
  relations: readonly { readonly schema: string; readonly identifier: string }[],
  { open, waitingRelations }: Standing,
): Answer | null | undefined {
  for (const { schema, identifier } of relations) {
    const key = relationKey(schema, identifier);
    if (open.has(key)) return null;
    const why = waitingRelations.get(key);
    if (why !== undefined)
      return { waits: `it asks about ${ident(schema)}.${ident(identifier)}, which waits (${why})` };
  }
  return undefined;
}

/** In small letters. */
async function columnNames(
  catalog: PlanCatalog,
  relations: readonly { readonly schema: string; readonly identifier: string }[],
): Promise<Set<string>> {
  const names = new Set<string>();
  for (const { schema, identifier } of relations) {
    const columns = await catalog.describe(`select * from ${qualified(schema, identifier)}`).catch(() => []);
    for (const { name } of columns) names.add(name.toLowerCase());
  }
  return names;
}
