import { Command } from 'commander';
import type { TestSummary } from '../../materializer/node-results.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { interruption } from '../interruption.ts';
import { addNodeFlags, NodeCommand, type NodeFlags, NOTHING_DONE } from '../node-command.ts';
import { progressPrinter } from '../node-lines.ts';
import { counted } from '../numbers.ts';
import { withSelectionFlags } from '../selection-flags.ts';

interface TestFlags extends NodeFlags {
  readonly storeFailures?: boolean;
}

/** `lens test`: exit 1 when a test of severity error failed, or could not be run. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('run data tests over what is stored, all in one snapshot; nothing is caught up before')
    .option('--store-failures', 'keep the failing rows in tables of the schema ..._dbt_test__audit');
  return addNodeFlags(withSelectionFlags(command, 'resources'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens test\n  $ lens test --select fct_sessions\n  $ lens test --store-failures',
    )
    .action(async (flags: TestFlags, own: Command) => {
      const nodes = new NodeCommand(flags, own);
      const { settings, output } = nodes.invocation;
      const tests = nodes.selects ? (await nodes.selected(['test'])).map(({ uniqueId }) => uniqueId) : undefined;
      if (tests?.length === 0) return nodes.end(NOTHING_DONE);
      const { failFast, warnError, storeFailures } = flags;
      const asked = { tests, failFast, warnError, storeFailures };
      const calls = { signal: interruption(), onProgress: progressPrinter(nodes.console) };
      const summary = await withWarehouseReads(settings, noticePrinter(output), (operations) =>
        operations.test({ ...asked, ...calls }),
      );
      const what = counted(summary.results.length, 'data test');
      nodes.end({ ...summary, what, remarks: remarksOf(summary) });
    });
}

/** How far behind what was tested is. */
function remarksOf({ lag, logProblem, results }: TestSummary): string[] {
  const log =
    lag === null
      ? [`how far the warehouse is behind the log is not known: ${logProblem ?? 'it does not answer'}`]
      : lag > 0
        ? [
            `the warehouse is ${counted(lag, 'record')} behind the log, and was tested as it is; lens build catches up first`,
          ]
        : [];
  return [...log, ...new Set(results.flatMap(({ remarks }) => remarks))];
}
