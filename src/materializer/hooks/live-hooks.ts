import { messageOf } from '../../core/errors.ts';
import { hasHooks } from '../../project/hooks.ts';
import type { Project } from '../../project/project-contract.ts';
import type { RunFacts } from '../../project/run-moment.ts';
import type { EventSink } from '../events.ts';
import type { LiveEdition } from '../live-edition.ts';
import type { Turns } from '../turns.ts';
import type { HookRequest, HookResults } from './hook-contract.ts';
import { hookSession, type HookedNode } from './hook-work.ts';
import { type MacroCall, type MacroDone, runMacro } from './run-macro.ts';
import { OWN_RUN, runNodeHooks, runOperations, type NodeHooksRun, type WithSession } from './run-hooks.ts';

/** The hooks of the edition that answers now. */
export class LiveHooks {
  readonly #live: LiveEdition;
  readonly #onEvent: EventSink;
  readonly #within: WithSession;

  /** @param writing turns on the edition's writing connection */
  constructor(live: LiveEdition, writing: Turns, onEvent: EventSink) {
    this.#live = live;
    this.#onEvent = onEvent;
    this.#within = (work) =>
      writing.take(async () => {
        const { edition } = live;
        // It writes beside batches, and to what an index may be made on.
        await edition.compaction.idle();
        await using session = await hookSession(edition.warehouse, edition.whole);
        return await work(session, edition.whole);
      });
  }

  operations(request: HookRequest): Promise<HookResults> {
    return runOperations(this.#within, request);
  }

  /** A macro of a project as its folder is now. */
  macro(project: Project, call: MacroCall): Promise<MacroDone> {
    return runMacro(this.#within, project, call);
  }

  /** Those of a service that begins, which go before all others: they make what hooks of models write to. What fails is told. */
  async begin(): Promise<void> {
    if (!this.#live.edition.whole.operations.some(({ kind }) => kind === 'on-run-start')) return;
    const results = await this.operations({ kind: 'on-run-start', run: OWN_RUN, selected: [] });
    for (const { status, message, path, remarks } of results) {
      for (const remark of remarks) this.#onEvent({ kind: 'notice', message: remark });
      if (status === 'error') this.#onEvent({ kind: 'notice', severity: 'warning', message: `${message} (${path})` });
    }
  }

  /** Those of a model or seed that a command runs; null when it has none. */
  ofNode(node: HookedNode, run: RunFacts): Promise<NodeHooksRun | null> {
    return runNodeHooks(this.#within, node, run);
  }

  /**
   * Runs the hooks of models whose relations were made as a whole since they were run last. One that fails is told, and left until the
   * relation is made again, or a command runs it.
   */
  async due(run: RunFacts = OWN_RUN): Promise<void> {
    const { whole: project } = this.#live.edition;
    const hooked = project.models.filter(hasHooks);
    if (hooked.length === 0) return;
    const rows = await this.#live.read((connection) =>
      connection.rows<{ model: string }>('select distinct model from lens.hooks_due'),
    );
    const due = new Set(rows.map(({ model }) => model));
    for (const model of hooked) {
      if (!due.has(model.name)) continue;
      const done = await runNodeHooks(this.#within, model, run);
      for (const { text: message } of done?.said ?? []) this.#onEvent({ kind: 'notice', message });
      if (done === null || done.error === null) continue;
      this.#onEvent({
        kind: 'notice',
        severity: 'warning',
        message: `the hooks of model ${model.name} failed (${model.path}): ${messageOf(done.error)}`,
      });
    }
  }
}
