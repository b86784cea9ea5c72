import { LensError } from '../../core/errors.ts';
import type { RenderedHook } from '../../project/hook-renderer.ts';
import type { Model, Project, Seed } from '../../project/project-contract.ts';
import { PendingQuestion, type Answer } from '../../project/questions.ts';
import { statementsIn, withoutLayout } from '../../project/sql-layout.ts';
import { GuardedSession } from '../../warehouse/guarded-session.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** What running one hook has come to. */
export interface RunHook {
  /** As it was rendered. */
  readonly sql: string;
  /** What its template says, and what of it is left out. */
  readonly said: readonly string[];
}

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
 * @param render with the answers so far
 */
export async function runHook(
  session: GuardedSession,
  isolated: boolean,
  render: (answers: readonly Answer[]) => RenderedHook,
  onRendered: (sql: string) => void = () => {},
): Promise<RunHook> {
  const said: string[] = [];
  const run = async (sql: string): Promise<Answer> => {
    let last: Answer = { columns: [], rows: [] };
    for (const statement of statementsIn(sql)) {
      const work = (): ReturnType<GuardedSession['run']> => session.run(statement, withoutLayout(statement));
      const done = await (isolated ? session.transaction(work) : work());
      if (typeof done === 'string') said.push(done);
      else last = done.rows;
    }
    return last;
  };
  const answers: Answer[] = [];
  for (;;) {
    try {
      const rendered = render(answers);
      onRendered(rendered.sql);
      await run(rendered.sql);
      return { sql: rendered.sql, said: [...rendered.said, ...said] };
    } catch (error) {
      if (!(error instanceof PendingQuestion)) throw error;
      const { question } = error;
      if (question.kind !== 'rows') throw new LensError('INTERNAL', 'a hook asks by queries alone');
      answers.push(await run(question.sql));
    }
  }
}

/** What has hooks of its own. */
export type HookedNode = Model | Seed;
