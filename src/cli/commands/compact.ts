import { Command } from 'commander';
import { withWarehouse } from '../../service/hold-warehouse.ts';
import { eventLine } from '../event-line.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';

/** `lens compact [--full]`. */
export function compactCommand(): Command {
  return new Command('compact')
    .description('bring the models kept by compaction up to the checkpoint')
    .option('--full', 'rebuild them outright')
    .addHelpText('after', '\nExamples:\n  $ lens compact\n  $ lens compact --full')
    .action(async (options: { full?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const full = options.full === true;
      const opening = { onEvent: noticePrinter(output), topics: 'leave' } as const;
      const summary = await withWarehouse(settings, opening, (operations) => operations.compact({ full }));
      output.line(eventLine({ kind: 'compaction', full, ...summary }), { event: 'compaction', full, ...summary });
    });
}
