import { messageOf } from '../../core/errors.ts';
import { INVOCATION } from '../../core/invocation.ts';
import { databaseSchemas, resultsValue, schemasOf } from '../../project/finished-nodes.ts';
import type { HookScene, Said } from '../../project/hook-renderer.ts';
import { hasHooks, nodeHooks, type NodeHook } from '../../project/hooks.ts';
import { fromJs, type Value } from '../../project/jinja/values.ts';
import type { Project } from '../../project/project-contract.ts';
import { RunMoment, type RunFacts } from '../../project/run-moment.ts';
import type { GuardedSession } from '../../warehouse/guarded-session.ts';
import { text } from '../../warehouse/sql.ts';
import type { NodeResult } from '../nodes/node-results.ts';
import type { HookRequest, HookResults } from './hook-contract.ts';
import { runHook, type HookedNode, type Rendering } from './hook-work.ts';
import { operationResult, operationStart } from './operation-results.ts';

/** Work with a session on the warehouse, during which nobody else writes to it. */
export type WithSession = <T>(work: (session: GuardedSession, project: Project) => Promise<T>) => Promise<T>;

/** A run that nobody asked for: what the service does by itself. */
export const OWN_RUN: RunFacts = { ...INVOCATION, which: 'run', flags: {} };

/** Runs the hooks of a project of one kind, each statement in a transaction of its own. After one that failed the others are skipped. */
export function runOperations(within: WithSession, request: HookRequest): Promise<HookResults> {
  const { kind, onProgress } = request;
  return within(async (session, project) => {
    const operations = project.operations.filter((one) => one.kind === kind);
    const total = operations.length;
    const names = namesOf(request, project);
    const results: NodeResult[] = [];
    for (const [at, operation] of operations.entries()) {
      const index = at + 1;
      const startedAt = new Date();
      let result: NodeResult;
      if (results.some(({ status }) => status === 'error'))
        result = operationResult(operation, at, { status: 'skipped', sql: null, startedAt });
      else {
        onProgress?.({ kind: 'start', index, total, node: operationStart(operation, at) });
        let sql: string | null = null;
        const remarks: string[] = [];
        const tell = (said: Said): void => {
          remarks.push(said.text);
          onProgress?.({ kind: 'said', ...said });
        };
        try {
          const scene = sceneOf(request.run, names);
          await runHook(
            session,
            true,
            (answers, say) => project.hooks.operation(operation, { ...scene, answers, say }),
            tell,
            (rendered) => (sql = rendered),
          );
          result = operationResult(operation, at, { status: 'success', sql, startedAt, remarks });
        } catch (error) {
          result = operationResult(operation, at, { status: 'error', error: messageOf(error), sql, startedAt });
        }
      }
      results.push(result);
      onProgress?.({ kind: 'result', index, total, result });
    }
    return results;
  });
}

/** What the hooks of a model or seed have come to; null when it has none. */
export interface NodeHooksRun {
  readonly error: unknown;
  readonly said: readonly Said[];
}

/**
 * Runs the hooks of a model or seed around work of its own: `transaction: false` before and after, all others in one transaction. Of a
 * model they count as run for its last build then.
 */
export async function runNodeHooks(within: WithSession, node: HookedNode, run: RunFacts): Promise<NodeHooksRun | null> {
  if (!hasHooks(node)) return null;
  const [pre, post] = [nodeHooks(node.config, 'pre_hook'), nodeHooks(node.config, 'post_hook')];
  const said: Said[] = [];
  try {
    await within(async (session, project) => {
      const each = async (hooks: readonly NodeHook[], isolated: boolean): Promise<void> => {
        for (const hook of hooks.filter(({ transaction }) => transaction !== isolated)) {
          const scene = sceneOf(run, {});
          const render: Rendering<string> = (answers, say) =>
            project.hooks.ofNode(node, hook.sql, { ...scene, answers, say });
          await runHook(session, isolated, render, (one) => void said.push(one));
        }
      };
      await each(pre, true);
      await session.transaction(async () => {
        await each(pre, false);
        await each(post, false);
        await session.own(`delete from lens.hooks_due where model = ${text(node.name)}`);
      });
      await each(post, true);
    });
    return { error: null, said };
  } catch (error) {
    // What was asked for once is not tried again and again.
    await within((session) => session.own(`delete from lens.hooks_due where model = ${text(node.name)}`));
    return { error, said };
  }
}

/** What is the same for all renderings of a hook or macro. */
export function sceneOf(run: RunFacts, names: HookScene['names']): Omit<HookScene, 'answers' | 'say'> {
  const args = { ...run.flags, which: run.which };
  return {
    moment: new RunMoment(run, () => Date.now()),
    names: {
      invocation_args_dict: () => fromJs(args),
      dbt_metadata_envs: () => new Map<Value, Value>(),
      selected_resources: () => [],
      ...names,
    },
  };
}

function namesOf({ kind, selected, results = [] }: HookRequest, project: Project): HookScene['names'] {
  const common = { selected_resources: (): Value => [...selected] };
  if (kind === 'on-run-start') return common;
  const schemas = schemasOf(project, results);
  return {
    ...common,
    results: () => resultsValue(project, results),
    schemas: () => [...schemas],
    database_schemas: () => databaseSchemas(schemas),
  };
}
