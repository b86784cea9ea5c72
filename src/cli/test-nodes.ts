import type { TestSummary } from '../materializer/node-results.ts';
import { withWarehouseReads } from '../service/hold-warehouse.ts';
import { noticePrinter } from './event-printer.ts';
import { interruption } from './interruption.ts';
import { type NodeCommand, type NodeFlags, NOTHING_DONE } from './node-command.ts';
import { progressPrinter } from './node-lines.ts';
import { counted } from './numbers.ts';

export interface TestFlags extends NodeFlags {
  readonly storeFailures?: boolean;
}

/** `lens test`: runs the selected data tests over what is stored. */
export async function testNodes(flags: TestFlags, nodes: NodeCommand): Promise<void> {
  const { settings, output } = nodes.invocation;
  const selected = nodes.selected(['test']);
  if (selected.length === 0) return nodes.end(NOTHING_DONE);
  const { failFast, warnError, storeFailures } = flags;
  const tests = nodes.selects ? selected.map(({ uniqueId }) => uniqueId) : undefined;
  const asked = { tests, failFast, warnError, storeFailures };
  const calls = { signal: interruption(), onProgress: progressPrinter(nodes.console) };
  const summary = await withWarehouseReads(settings, noticePrinter(output), (operations) =>
    operations.test({ ...asked, ...calls }),
  );
  const what = counted(summary.results.length, 'data test');
  nodes.end({ ...summary, what, remarks: remarksOf(summary) });
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
