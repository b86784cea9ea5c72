import { Command } from 'commander';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { textTable } from '../text-table.ts';

/** `lens lag [--json]`: the columns of kafka-consumer-groups.sh. */
export function lagCommand(): Command {
  return new Command('lag')
    .description('how far the checkpoint is behind the log, by partition')
    .option('--json', 'rows as one JSON array')
    .addHelpText('after', '\nExamples:\n  $ lens lag\n  $ lens lag --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const rows = await withWarehouseReads(settings, noticePrinter(output), (operations) => operations.lag());
      if (options.json === true || output.format === 'json') {
        output.result(JSON.stringify(rows, null, options.json === true ? 2 : 0));
        return;
      }
      const columns = ['GROUP', 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG'];
      const cells = rows.map((row) =>
        [row.group, row.topic, row.partition, row.currentOffset ?? '-', row.logEndOffset, row.lag].map(String),
      );
      output.result(
        textTable(
          columns.map((name, i) => ({ name, right: i > 1 })),
          cells,
        ),
      );
    });
}
