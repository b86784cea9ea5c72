import { Command } from 'commander';
import type { RunSummary } from '../../materializer/operations.ts';
import { withWarehouse } from '../../service/hold-warehouse.ts';
import { openProject } from '../../service/runtime.ts';
import { eventPrinter } from '../event-printer.ts';
import { failedOf, reportFailedModels } from '../failed-models.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import { count, counted, duration } from '../numbers.ts';
import { Progress } from '../progress.ts';
import { refreshedText, refreshPrinter } from '../refresh-printer.ts';
import { selectedModels, selectionOf, selects, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { firstLine, textTable } from '../text-table.ts';

interface RunFlags extends SelectionFlags {
  readonly fullRefresh?: boolean;
  readonly allowDataLoss?: boolean;
  readonly skipTests?: boolean;
}

/** `lens run`: exit 1 when a model failed. */
export function runCommand(): Command {
  return withSelectionFlags(new Command('run'), 'models')
    .description('catch up to where the log ends now, bring the selected models up to it, and exit')
    .option(
      '--full-refresh',
      'replay the log into a new edition, or rebuild what --select names in a copy; test it, swap it in',
    )
    .option('--allow-data-loss', 'with --full-refresh: go on although the log no longer holds the history')
    .option('--skip-tests', 'with --full-refresh: swap without running the data tests on the new edition')
    .addHelpText('after', '\nExamples:\n  $ lens run\n  $ lens run --select +fct_sessions\n  $ lens run --full-refresh')
    .action(async (flags: RunFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const selection = selectionOf(flags);
      const selected = selectedModels(openProject(settings), selection, output).map(({ name }) => name);
      if (selected.length === 0) return;
      using progress = new Progress(output);
      const opening = { onEvent: eventPrinter(output, progress, 'at the end'), create: true } as const;
      const signal = interruption();
      const summary = await withWarehouse(settings, opening, (operations) =>
        operations.run({
          // Without a selection: whatever the project has by which the warehouse is kept.
          models: selects(selection) ? selected : undefined,
          fullRefresh: flags.fullRefresh,
          allowDataLoss: flags.allowDataLoss,
          skipTests: flags.skipTests,
          onProgress: refreshPrinter(output, progress),
          signal,
        }),
      );
      progress.clear();
      if (summary.interrupted) {
        reportInterruption(output, 'the warehouse stands at its last commit, and the next run goes on from there');
        return;
      }
      const { refreshed } = summary;
      if (refreshed !== null) output.line(refreshedText(refreshed), { event: 'refreshed', ...refreshed });
      output.line(runText(summary), { event: 'run', ...summary });
      // The exit code alone, and the table's first lines, do not say what is wrong.
      reportFailedModels(output, failedOf(summary.models));
    });
}

function runText(summary: RunSummary): string {
  const rows = summary.models.map(({ name, status, rows, message }) => [
    name,
    status,
    rows === null ? '' : count(rows),
    firstLine(message ?? ''),
  ]);
  const dead = summary.deadLetters > 0 ? `, ${counted(summary.deadLetters, 'dead letter')}` : '';
  return [
    `done: ${counted(summary.records, 'record')} in ${counted(summary.batches, 'batch', 'batches')}${dead}, ${duration(summary.milliseconds)}`,
    textTable([{ name: 'MODEL' }, { name: 'STATUS' }, { name: 'ROWS', right: true }, { name: '' }], rows),
  ].join('\n');
}
