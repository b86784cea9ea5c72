import { LensError } from '../../core/errors.ts';
import type { HookScene, Said } from '../../project/hook-renderer.ts';
import type { Model, Project, Seed } from '../../project/project-contract.ts';
import { PendingQuestion, type Answer } from '../../project/questions.ts';
import { statementsIn, withoutLayout } from '../../project/sql-layout.ts';
import { GuardedSession } from '../../warehouse/guarded-session.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** What is rendered to be run: the answers to its queries so far, and who takes what its template says. */
export type Rendering<T> = (answers: readonly Answer[], say: HookScene['say']) => T;

/** A session of hooks on a warehouse that a project keeps. */
export async function hookSession(warehouse: Warehouse, project: Project): Promise<GuardedSession> {
  const owners = ownersOf(project);
  const at = (schema: string, name: string): Owner | undefined => owners.get(placeKey(schema, name));
  return new GuardedSession(await warehouse.connect(), {
    ownerOf: (schema, name) => at(schema, name)?.what ?? null,
    indexable: (schema, name) => at(schema, name)?.indexable ?? false,
  });
}

interface Owner {
  readonly what: string;
  readonly indexable: boolean;
}

function ownersOf({ models, seeds, sources }: Project): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  const add = (schema: string, name: string, what: string, indexable: boolean): unknown =>
    owners.set(placeKey(schema, name), { what, indexable });
  for (const { schema, table, sourceName, name } of sources)
    add(schema, table, `source table ${sourceName}.${name}`, false);
  for (const { schema, alias, name } of seeds) add(schema, alias, `seed ${name}`, true);
  for (const { schema, alias, name, materialized } of models)
    if (materialized !== 'ephemeral') add(schema, alias, `model ${name}`, materialized !== 'view');
  return owners;
}

function placeKey(schema: string, name: string): string {
  return JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);
}

/**
 * Renders a hook, answering the queries of its template on the way, and runs its statements: each in a transaction of its own, or all in
 * the one that is open. HOOK_REFUSED, QUERY_FAILED, MODEL_RENDER_FAILED and what else rendering throws.
 *
 * @param tell takes what its template says, and what of it is left out
 */
export async function runHook(
  session: GuardedSession,
  isolated: boolean,
  render: Rendering<string>,
  tell: (said: Said) => void,
  onRendered: (sql: string) => void = () => {},
): Promise<void> {
  const run = (sql: string): Promise<Answer> => runStatements(session, isolated, sql, tell);
  const work = async (): Promise<void> => {
    const sql = await renderAsking(render, run, tell);
    onRendered(sql);
    await run(sql);
  };
  await (isolated ? endingTransactions(session, tell, work) : work());
}

/** Renders with the answers to all queries of the template, each run once, in order. */
export async function renderAsking<T>(
  render: Rendering<T>,
  ask: (sql: string) => Promise<Answer>,
  tell: (said: Said) => void,
): Promise<T> {
  const answers: Answer[] = [];
  let told = 0;
  for (;;) {
    // Each rendering says all from the beginning.
    let said = 0;
    const say = (line: Said): void => {
      if (++said <= told) return;
      told = said;
      tell(line);
    };
    try {
      return render(answers, say);
    } catch (error) {
      if (!(error instanceof PendingQuestion)) throw error;
      const { question } = error;
      if (question.kind !== 'rows') throw new LensError('INTERNAL', 'a hook asks by queries alone');
      answers.push(await ask(question.sql));
    }
  }
}

const BEGIN = /^(?:begin|start)(?: transaction)?$/i;
const COMMIT = /^(?:commit|end)(?: transaction)?$/i;
const ROLLBACK = /^(?:rollback|abort)(?: transaction)?$/i;

/**
 * Runs statements and gives the rows of the last one that was run.
 *
 * @param isolated each in a transaction of its own, but for those between a `begin` and a `commit`; else there is a transaction
 */
export async function runStatements(
  session: GuardedSession,
  isolated: boolean,
  sql: string,
  tell: (said: Said) => void,
): Promise<Answer> {
  let last: Answer = { columns: [], rows: [] };
  for (const statement of statementsIn(sql)) {
    const words = withoutLayout(statement);
    if (isolated && BEGIN.test(words)) await session.begin();
    else if (isolated && (COMMIT.test(words) || ROLLBACK.test(words))) {
      // Without one there is nothing to do: each statement has been committed.
      if (session.inTransaction) await session[COMMIT.test(words) ? 'commit' : 'rollback']();
    } else {
      const work = (): ReturnType<GuardedSession['run']> => session.run(statement, words);
      const done = await (session.inTransaction ? work() : session.transaction(work));
      if (typeof done === 'string') tell({ text: done, printed: false });
      else last = done.rows;
    }
  }
  return last;
}

/** Work that may begin a transaction: what it has not committed itself at its end is not done, as in dbt, and said unless it failed. */
export async function endingTransactions(
  session: GuardedSession,
  tell: (said: Said) => void,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
    if (session.inTransaction)
      tell({ text: 'nothing since the last begin was kept: there was no commit', printed: false });
  } finally {
    if (session.inTransaction) await session.rollback();
  }
}

/** What has hooks of its own. */
export type HookedNode = Model | Seed;
