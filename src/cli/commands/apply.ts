import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { Applied } from '../../materializer/editions/apply-contract.ts';
import type { ChangePlan } from '../../materializer/changes/change-plan.ts';
import { withWarehouse, withWarehouseReads } from '../../service/hold-warehouse.ts';
import { projectSource } from '../../service/open-project.ts';
import { changePlanText, isEmpty } from '../change-text.ts';
import { noticePrinter } from '../event-printer.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import type { Output } from '../output.ts';
import { Progress } from '../progress.ts';
import { refreshedText, refreshPrinter } from '../refresh-printer.ts';
import { chosenModels, selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';

interface ApplyFlags extends SelectionFlags {
  readonly yes?: boolean;
  readonly skipTests?: boolean;
  readonly allowDataLoss?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = ['lens apply', 'lens apply --yes', 'lens apply --select fct_sessions+ --yes'];

/** `lens apply`: the plan, then the next edition with the project as it is now, which takes over. */
export function applyCommand(): Command {
  return withSelectionFlags(new Command('apply'), 'models')
    .description('show the plan, then do it: build the next edition with the project as it is now, test it, swap it in')
    .option('-y, --yes', 'do not ask')
    .option('--skip-tests', 'swap without running the data tests of what was built')
    .option('--allow-data-loss', 'where all topics are landed again: go on although the log lost some of its history')
    .option('--json', 'what was done, as one JSON object; takes --yes')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  $ ${line}`).join('\n')}`)
    .action(async (flags: ApplyFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const models = await chosenModels(selectionOf(flags, settings), settings, output);
      const signal = interruption();
      const source = projectSource(settings);
      const json = flags.json === true || output.format === 'json';
      using progress = new Progress(output);
      try {
        const plan = await withWarehouseReads(settings, noticePrinter(output), (reads) =>
          reads.plan({ source, models, signal }),
        );
        if (!json) output.result(changePlanText(plan));
        requireWhole(plan);
        const nothing: Applied = { plan, refreshed: null };
        const go = !isEmpty(plan) && (flags.yes === true || (await confirmed(signal)));
        const opening = { onEvent: noticePrinter(output), create: false, asItIs: true } as const;
        const done = go
          ? await withWarehouse(settings, opening, (operations) =>
              operations.apply({
                source,
                plan: plan.id,
                skipTests: flags.skipTests,
                allowDataLoss: flags.allowDataLoss,
                signal,
                onProgress: json ? undefined : refreshPrinter(output, progress),
              }),
            )
          : nothing;
        progress.clear();
        if (json) output.result(JSON.stringify(done, null, flags.json === true ? 2 : 0));
        else if (done.refreshed !== null) output.result(refreshedText(done.refreshed));
        else if (!isEmpty(plan)) declined(output);
      } catch (error) {
        if (!signal.aborted) throw error;
        progress.clear();
        reportInterruption(output, 'nothing was applied, the warehouse stays as it was');
      }
    });
}

/** One folder has one state: models that are left out would be neither the old nor the new ones. */
function requireWhole({ hidden }: ChangePlan): void {
  if (hidden.length === 0) return;
  throw new LensError('USAGE', `a project is applied as a whole, and the selection leaves out ${hidden.join(', ')}`, {
    hint: 'take back these changes in the folder (git stash), or apply without a selection',
  });
}

async function confirmed(signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new LensError('USAGE', 'nobody is there to be asked', { hint: 'lens apply --yes applies the plan' });
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question('\napply this? [y/N] ', { signal })).trim());
  } catch (error) {
    // Ctrl-C, which is a key to a terminal that is read, or a signal.
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  } finally {
    asking.close();
  }
}

function declined(output: Output): void {
  output.failure('nothing was applied', { event: 'declined' });
}
