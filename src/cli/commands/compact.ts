import { Command } from 'commander';
import { withWarehouse } from '../../service/hold-warehouse.ts';
import { eventLine } from '../event-line.ts';
import { reportFailedModels } from '../failed-models.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';

/** `lens compact [--full]`: exit 1 when a model is failed. */
export function compactCommand(): Command {
  return new Command('compact')
    .description('bring the models kept by compaction up to the checkpoint')
    .option('--full', 'rebuild them outright')
    .addHelpText('after', '\nExamples:\n  $ lens compact\n  $ lens compact --full')
    .action(async (options: { full?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const full = options.full === true;
      const opening = { onEvent: noticePrinter(output), create: false } as const;
      const summary = await withWarehouse(settings, opening, (operations) => operations.compact({ full }));
      reportFailedModels(output, summary.failed);
      output.line(eventLine({ kind: 'compaction', full, ...summary }), { event: 'compaction', full, ...summary });
    });
}
