import { Command } from 'commander';
import { withWarehouse } from '../../service/hold-warehouse.ts';
import { eventPrinter } from '../event-printer.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import { Progress } from '../progress.ts';
import { refreshedText, refreshPrinter } from '../refresh-printer.ts';

/** `lens rollback`. */
export function rollbackCommand(): Command {
  return new Command('rollback')
    .description('return to the edition before the live one, caught up; a second one goes forward again')
    .addHelpText('after', '\nExamples:\n  $ lens rollback')
    .action(async (_options: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      using progress = new Progress(output);
      const opening = { onEvent: eventPrinter(output, progress), create: false } as const;
      const options = { signal: interruption(), onProgress: refreshPrinter(output, progress) };
      const refreshed = await withWarehouse(settings, opening, (operations) => operations.rollback(options));
      progress.clear();
      if (refreshed === null) reportInterruption(output, 'the live edition stays');
      else output.line(refreshedText(refreshed), { event: 'refreshed', ...refreshed });
    });
}
