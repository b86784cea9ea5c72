import { LensError, messageOf } from '../../core/errors.ts';
import { parseExactJson } from '../../core/exact-json.ts';
import type { Said } from '../../project/hook-renderer.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Answer } from '../../project/questions.ts';
import type { RunFacts } from '../../project/run-moment.ts';
import type { NodeProgress } from '../nodes/node-results.ts';
import { endingTransactions, renderAsking, type Rendering, runStatements } from './hook-work.ts';
import { sceneOf, type WithSession } from './run-hooks.ts';

/** A macro to be run by whoever holds the warehouse: dbt's run-operation. */
export interface MacroCall {
  /** `NAME` or `PACKAGE.NAME`. */
  readonly macro: string;
  /** Its arguments by name: a JSON object, as exact-json.ts reads it. */
  readonly args: string;
  readonly run: RunFacts;
  readonly onProgress?: ((progress: NodeProgress) => void) | undefined;
}

/** What a macro has come to. */
export interface MacroDone {
  /** Null when it went through. */
  readonly failure: MacroFailure | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly completedAt: string;
}

export interface MacroFailure {
  /** dbt's words: of a template, or of what it ran. */
  readonly kind: 'Compilation Error' | 'Runtime Error';
  readonly message: string;
  readonly place?: string | undefined;
  readonly hint?: string | undefined;
}

/**
 * Calls a macro of a project, each statement in a transaction of its own, all in one session. The text that it gives is not run, as in dbt. USAGE for
 * a macro that is not there; what goes wrong in it is what it has come to.
 *
 * @param project as its folder is now, which the one that keeps the warehouse need not be
 */
export function runMacro(within: WithSession, project: Project, call: MacroCall): Promise<MacroDone> {
  const macro = project.hooks.macro(call.macro);
  const args = parseExactJson(call.args) as Readonly<Record<string, unknown>>;
  return within(async (session) => {
    const startedAt = new Date().toISOString();
    const scene = sceneOf(call.run, {});
    const tell = (said: Said): void => call.onProgress?.({ kind: 'said', ...said });
    let failure: MacroFailure | null = null;
    try {
      const render: Rendering<void> = (answers, say) => project.hooks.call(macro, args, { ...scene, answers, say });
      const ask = (sql: string): Promise<Answer> => runStatements(session, true, sql, tell);
      await endingTransactions(session, tell, () => renderAsking(render, ask, tell));
    } catch (error) {
      failure = failureOf(error);
    }
    return { failure, startedAt, completedAt: new Date().toISOString() };
  });
}

const OF_SQL: ReadonlySet<string> = new Set(['QUERY_FAILED', 'HOOK_REFUSED', 'DISK_FULL']);

function failureOf(error: unknown): MacroFailure {
  if (!(error instanceof LensError)) return { kind: 'Runtime Error', message: messageOf(error) };
  const { code, message, place, hint } = error;
  return { kind: OF_SQL.has(code) ? 'Runtime Error' : 'Compilation Error', message, place, hint };
}
