import { skipped } from './data-test-outcome.ts';
import type { NodeProgress, NodeResult, NodeStart } from './node-results.ts';

/** A node with what makes its result. */
export interface NodeStep {
  readonly node: NodeStart;
  /** Unique ids of nodes of the same loop: when one of them failed, or was skipped for that, this one is skipped. */
  readonly blockers: ReadonlySet<string>;
  /** Whether a line says that it begins: what is known already does not begin. */
  readonly begins: boolean;
  run(): Promise<NodeResult>;
}

export interface LoopOptions {
  readonly failFast?: boolean | undefined;
  /** Ends it; the result of the node at hand is dropped, since it may have been interrupted. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: NodeProgress) => void) | undefined;
}

/** Runs nodes one after another, as dbt does with one thread: what follows from a failed one is skipped, with `failFast` all else. */
export async function runSteps(steps: readonly NodeStep[], options: LoopOptions): Promise<NodeResult[]> {
  const results: NodeResult[] = [];
  const out = new Set<string>();
  const total = steps.length;
  let failed = false;
  for (const [at, step] of steps.entries()) {
    const { node, blockers } = step;
    const index = at + 1;
    let result: NodeResult;
    if (failed && options.failFast === true) result = skipped(node, 'Skipping due to fail_fast');
    else if (!blockers.isDisjointFrom(out)) result = skipped(node, null);
    else {
      if (step.begins) options.onProgress?.({ kind: 'start', index, total, node });
      result = await step.run();
      if (options.signal.aborted) break;
    }
    if (result.status === 'fail' || result.status === 'error') failed = true;
    if (result.status !== 'success' && result.status !== 'pass' && result.status !== 'warn') out.add(node.uniqueId);
    results.push(result);
    options.onProgress?.({ kind: 'result', index, total, result });
  }
  return results;
}
