import { Command } from 'commander';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { projectSource } from '../../service/open-project.ts';
import { changePlanText, isEmpty } from '../change-text.ts';
import { noticePrinter } from '../event-printer.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import { wholeNumber } from '../number-arguments.ts';
import { chosenModels, selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';

interface PlanFlags extends SelectionFlags {
  readonly diff?: boolean;
  readonly limit: number;
  readonly json?: boolean;
  readonly detailedExitcode?: boolean;
}

const EXAMPLES = ['lens plan', 'lens plan --diff', 'lens plan --select fct_sessions+ --diff --limit 10'];

/** `lens plan`: what the project as it is now would change, before anything is touched. */
export function planCommand(): Command {
  return withSelectionFlags(new Command('plan'), 'models')
    .description('what would change with the project as it is now, before anything is touched; also beside the service')
    .option('--diff', 'compare rows too: the changed models over the data as it is, against what is stored')
    .option('--limit <N>', 'with --diff: at most so many rows of each kind are shown', wholeNumber(0), 5)
    .option('--json', 'as one JSON object')
    .option('--detailed-exitcode', 'exit 2 when there is something to do, 1 for any error, as terraform does')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  $ ${line}`).join('\n')}`)
    .action(async (flags: PlanFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const models = await chosenModels(selectionOf(flags, settings), settings, output);
      const signal = interruption();
      const diff = flags.diff === true ? { limit: flags.limit } : null;
      const request = { source: projectSource(settings), models, diff, signal };
      try {
        const plan = await withWarehouseReads(settings, noticePrinter(output), (reads) => reads.plan(request));
        if (flags.detailedExitcode === true && !isEmpty(plan)) process.exitCode = 2;
        const json = flags.json === true || output.format === 'json';
        output.result(json ? JSON.stringify(plan, null, flags.json === true ? 2 : 0) : changePlanText(plan));
      } catch (error) {
        if (!signal.aborted) throw error;
        reportInterruption(output, 'nothing was changed');
      }
    });
}
