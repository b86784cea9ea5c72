import { realpathSync } from 'node:fs';
import { LensError } from '../../core/errors.ts';
import { createMissingTopics } from '../../topics/create-missing-topics.ts';
import type { LiveEdition } from '../live-edition.ts';
import type { MaterializerOptions } from '../materializer-options.ts';
import type { Refresher } from './refresher.ts';
import type { Applied, ApplyRequest } from './apply-contract.ts';
import { planChanges } from '../changes/change-planner.ts';
import { openedWords } from '../changes/change-words.ts';
import { type ProjectSource, readProject } from '../changes/next-project.ts';

/** Who holds the warehouse. */
export interface Holder extends Pick<MaterializerOptions, 'log' | 'onEvent' | 'source'> {
  readonly live: LiveEdition;
  readonly refresher: Refresher;
}

/**
 * Builds the next edition with the project as its folder is now, beside the live one, and lets it take over: from then on the
 * warehouse is kept by that project. What models have left is dropped. Whatever is wrong before that leaves the live edition, and the
 * project that keeps it: PLAN_CHANGED when it is not the plan that was shown, what opening the project throws, MODEL_FAILED,
 * MODEL_KEY_NOT_UNIQUE, TESTS_FAILED, DISK_FULL, LOG_HISTORY_GONE.
 */
export async function applyChanges(holder: Holder, request: ApplyRequest): Promise<Applied> {
  const { live, refresher, log, onEvent } = holder;
  const signal = request.signal ?? new AbortController().signal;
  if (holder.source !== undefined) requireSame(holder.source, request.source);
  const { by, plan } = await live.read(async (connection, _, leave) => {
    const next = await readProject(request.source, connection);
    return {
      by: next,
      plan: await planChanges(connection, next, { signal: AbortSignal.any([signal, leave]) }),
    };
  });
  if (plan.id !== request.plan) {
    throw new LensError('PLAN_CHANGED', 'the project or the warehouse is another one than the plan was made of', {
      place: by.project.dir,
      hint: 'lens plan shows what would change now; nothing was applied',
    });
  }
  if (plan.models.length + plan.rawTables.length + plan.seeds.length === 0) return { plan, refreshed: null };
  const created = await createMissingTopics(log, by.catalog);
  if (created.length > 0) onEvent({ kind: 'notice', message: `created topics ${created.join(', ')}` });
  const refreshed = await refresher.refresh({
    builtBy: 'lens apply',
    // what the project changes is built at open, from the raw tables
    models: plan.replay ? undefined : [],
    by,
    dropLeft: true,
    skipTests: request.skipTests,
    allowDataLoss: request.allowDataLoss,
    signal,
    tell: request.onProgress,
  });
  for (const message of openedWords(plan.models, 'dropped')) {
    onEvent({ kind: 'notice', message: `applied, edition ${refreshed.edition}: ${message}` });
  }
  return { plan, refreshed };
}

/** At its next start the service would have the folder, variables and target that it was started with. */
function requireSame(own: ProjectSource, asked: ProjectSource): void {
  const differs = (
    [
      ['folder', real(own.dir), real(asked.dir)],
      ['vars', own.vars, asked.vars],
      ['target', own.target, asked.target],
      ['registry', own.registry, asked.registry],
    ] as const
  ).find(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other));
  if (differs === undefined) return;
  const [what, mine, theirs] = differs;
  throw new LensError(
    'USAGE',
    `the running service was started with another ${what}: ${shown(mine)}, not ${shown(theirs)}`,
    { place: own.dir, hint: 'apply with what the service has, or stop it, apply, and start it with that' },
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function real(dir: string): string {
  try {
    return realpathSync(dir);
  } catch {
    return dir;
  }
}
