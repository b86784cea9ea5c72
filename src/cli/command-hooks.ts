import type { NodeProgress, NodeResult } from '../materializer/nodes/node-results.ts';
import type { WarehouseReads } from '../materializer/operations.ts';
import type { OperationKind } from '../project/hooks.ts';
import { projectFlags } from '../project/project-file.ts';
import type { NodeCommand } from './node-command.ts';
import { skippedNodes } from './skipped-nodes.ts';

/** What a command has come to, of which on-run-end hooks are told. */
interface Done {
  readonly results: readonly NodeResult[];
  readonly interrupted?: boolean;
}

/**
 * Runs a command's work between the project's on-run-start and on-run-end hooks; what they come to stands around its results. As in dbt the work is
 * done also where a hook before it failed, unless the flag `skip_nodes_if_on_run_start_fails` says otherwise, and nothing follows an interrupted one.
 *
 * @param selected unique ids of what is run
 * @param unworked what the work gives when its nodes are skipped
 */
export async function withHooks<T extends Done>(
  operations: Pick<WarehouseReads, 'hooks'>,
  nodes: NodeCommand,
  selected: readonly string[],
  print: (progress: NodeProgress) => void,
  work: () => Promise<T>,
  unworked: (results: readonly NodeResult[]) => T,
): Promise<T> {
  const { project, facts } = nodes;
  const run = async (kind: OperationKind, results: readonly NodeResult[]): Promise<readonly NodeResult[]> => {
    if (!project.operations.some((operation) => operation.kind === kind)) return [];
    if (kind === 'on-run-end') nodes.console.gap();
    const finished = results.map(({ compiledCode, ...result }) => ({ ...result, compiled: compiledCode !== null }));
    const request = { kind, run: facts, selected, results: finished, onProgress: print };
    const done = await operations.hooks(request);
    if (kind === 'on-run-start') nodes.console.gap();
    return done;
  };
  const before = await run('on-run-start', []);
  const failed = before.filter(({ status }) => status === 'error');
  const skips = failed.length > 0 && projectFlags(project.dir)['skip_nodes_if_on_run_start_fails'] === true;
  const done = skips ? unworked(skippedNodes(project, selected, print)) : await work();
  const told = [...failed, ...done.results];
  const after = done.interrupted === true ? [] : await run('on-run-end', told);
  return { ...done, results: [...before, ...done.results, ...after] };
}

/** `3 project hooks, `, for the last lines of a command; nothing when there are none. */
export function hooksCounted(results: readonly NodeResult[]): string {
  const count = results.filter(({ resourceType }) => resourceType === 'operation').length;
  return count === 0 ? '' : `${count} project hook${count === 1 ? '' : 's'}, `;
}
