import type { Command } from 'commander';
import type { NodeProgress, NodeResult } from '../materializer/nodes/node-results.ts';
import { NOTHING_RUN, type RunSummary } from '../materializer/operations.ts';
import type { RefreshNews } from '../materializer/editions/refresh-contract.ts';
import { found } from '../materializer/nodes/run-data-tests.ts';
import type { Resource, ResourceType } from '../project/resource-graph.ts';
import { withWarehouse } from '../service/hold-warehouse.ts';
import { withHooks } from './command-hooks.ts';
import { eventPrinter } from './event-printer.ts';
import { interruption, reportInterruption } from './interruption.ts';
import { namesOf, type NodeCommand, type NodeFlags, NOTHING_DONE } from './node-command.ts';
import { progressPrinter } from './node-lines.ts';
import { counted, duration } from './numbers.ts';
import { Progress } from './progress.ts';
import { ScratchFolder } from './scratch-folder.ts';
import { type TypeFlags, typesOf } from './type-flags.ts';
import { refreshedText, refreshPrinter } from './refresh-printer.ts';

export interface RunFlags extends NodeFlags, TypeFlags {
  readonly fullRefresh?: boolean;
  readonly allowDataLoss?: boolean;
  readonly skipTests?: boolean;
  readonly storeFailures?: boolean;
  readonly empty?: boolean;
}

export function addRunFlags(command: Command): Command {
  return command
    .option(
      '-f, --full-refresh',
      'replay the log into a new edition, or rebuild what --select names in a copy; test it, swap it in',
    )
    .option('--allow-data-loss', 'with --full-refresh: go on although the log no longer holds the history')
    .option('--empty', 'build and test everything over no records, in a scratch warehouse: the live one stays as it is')
    .option('--skip-tests', 'with --full-refresh: swap without running the data tests on the new edition');
}

/** What the commands that bring models up run. */
export const NODE_TYPES: ReadonlyMap<string, readonly ResourceType[]> = new Map([
  ['run', ['model']],
  ['build', ['seed', 'model', 'test', 'unit_test']],
]);

/** `lens run` and `lens build`: catches up, brings the models up, and runs the selected nodes of these types. */
export async function runNodes(flags: RunFlags, nodes: NodeCommand, types: readonly ResourceType[]): Promise<void> {
  const { output } = nodes.invocation;
  const selected = nodes.selected(typesOf(flags, types));
  if (selected.length === 0) return nodes.end(NOTHING_DONE);
  using scratch = flags.empty === true ? new ScratchFolder() : null;
  const settings = scratch?.settings(nodes.invocation.settings) ?? nodes.invocation.settings;
  if (scratch !== null) output.notice('--empty: over no records, in a scratch warehouse with a log of its own');
  using progress = new Progress(output);
  const seeds = namesOf(nodes.project.seeds, selected);
  const opening = { onEvent: eventPrinter(output, progress, 'at the end', seeds), create: true } as const;
  const of = (type: ResourceType): Resource[] => selected.filter(({ resourceType }) => resourceType === type);
  const { fullRefresh, allowDataLoss, skipTests, failFast, storeFailures } = flags;
  const asked = {
    // Without a selection: whatever the project has by which the warehouse is kept.
    models: nodes.selects ? namesOf(nodes.project.models, selected) : undefined,
    seeds,
    tests: of('test').map(({ uniqueId }) => uniqueId),
    unitTests: of('unit_test').map(({ uniqueId }) => uniqueId),
    // In a scratch warehouse all is new.
    fullRefresh: fullRefresh === true && scratch === null,
    allowDataLoss,
    skipTests,
    failFast,
    warnError: nodes.warnError,
    storeFailures,
  };
  const refreshing = refreshPrinter(output, progress);
  const printing = progressPrinter(nodes.console);
  const onProgress = (news: NodeProgress | RefreshNews): void => {
    if (news.kind === 'preflight' || news.kind === 'phase' || news.kind === 'progress') return refreshing(news);
    progress.clear();
    printing(news);
  };
  const signal = interruption();
  const ids = selected.map(({ uniqueId }) => uniqueId);
  let remarks: string[] | null = null;
  const summary = await withWarehouse(settings, opening, (operations) => {
    onProgress(found(nodes.project));
    const work = (): Promise<RunSummary> =>
      operations.run({
        ...asked,
        facts: nodes.facts,
        signal,
        onProgress: (news) => (news.kind === 'begin' ? undefined : onProgress(news)),
      });
    return withHooks(operations, nodes, ids, onProgress, work, (results) => {
      remarks = ['nothing was caught up, since a hook before it failed'];
      return { ...NOTHING_RUN, results };
    });
  });
  progress.clear();
  if (summary.interrupted) {
    reportInterruption(output, 'the warehouse stands at its last commit, and the next run goes on from there');
    return;
  }
  const { results, refreshed, ...caughtUp } = summary;
  if (refreshed !== null) output.line(refreshedText(refreshed), { event: 'refreshed', ...refreshed });
  output.line(doneText(summary, asked.models), { event: nodes.name, ...caughtUp });
  nodes.end({ ...summary, what: countsOf(results), remarks: remarks ?? remarksOf(results) });
}

/**
 * What has been applied. A service has done so in its own batches, beside this command; a refresh has no batches to speak of.
 *
 * @param refreshes models that were rebuilt in a copy; undefined when the log was replayed
 */
function doneText(
  { records, batches, deadLetters, milliseconds, refreshed }: RunSummary,
  refreshes: readonly string[] | undefined,
): string {
  const dead = deadLetters > 0 ? `, ${counted(deadLetters, 'dead letter')}` : '';
  const all = counted(records, 'record');
  const took = duration(milliseconds);
  if (refreshed !== null) {
    const { edition } = refreshed;
    return refreshes === undefined
      ? `done: ${all} replayed into edition ${edition}, ${took}`
      : `done: ${counted(refreshes.length, 'model')} refreshed in edition ${edition}, ${all} applied to it, ${took}`;
  }
  return `done: ${all}${batches > 0 ? ` in ${counted(batches, 'batch', 'batches')}` : ''}${dead}, ${took}`;
}

/** `1 incremental model, 5 table models, 25 data tests`. */
function countsOf(results: readonly NodeResult[]): string {
  const counts = new Map<string, number>();
  for (const { resourceType, description } of results) {
    const kind =
      resourceType === 'model'
        ? `${description.split(' ')[1]} model`
        : resourceType === 'operation'
          ? 'project hook'
          : resourceType;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, n]) => counted(n, kind === 'test' ? 'data test' : kind.replaceAll('_', ' ')))
    .join(', ');
}

/** Streaming: what a skip says, and what it does not. */
function remarksOf(results: readonly NodeResult[]): string[] {
  const skipped = results.filter(({ status }) => status === 'skipped');
  const still = skipped.flatMap(({ name, remarks }) => remarks.map((remark) => `${name}: ${remark}`));
  const kept = skipped.some(({ resourceType, remarks }) => resourceType === 'model' && remarks.length === 0);
  return kept
    ? [
        ...still,
        'models that are skipped for a test, a seed or a hook have been kept current all the same: nothing vouches for their rows',
      ]
    : still;
}
