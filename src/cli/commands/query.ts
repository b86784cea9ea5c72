import { Command, Option } from 'commander';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { count } from '../numbers.ts';
import { resultPrinter, type ResultFormat } from '../result-format.ts';
import { wholeNumber } from '../number-arguments.ts';

/** A slow reader, as a pager, holds neither the warehouse nor the service while the rest of the result is below this. */
const AHEAD_BYTES = 64 << 20;

interface QueryFlags {
  readonly format: ResultFormat;
  readonly edition?: string;
  readonly limit: number;
  readonly timeout: number;
}

/** `lens query SQL [--format table|json|csv]`. */
export function queryCommand(): Command {
  return new Command('query')
    .description('one read-only SELECT over the warehouse')
    .argument('<sql>', 'one SELECT')
    .addOption(
      new Option('--format <format>', 'how rows are printed').choices(['table', 'json', 'csv']).default('table'),
    )
    .option('--edition <name>', 'ask another edition than the live one: previous, or one of lens editions')
    .option('--limit <rows>', 'print at most so many rows', wholeNumber(1), 1_000_000)
    .option('--timeout <seconds>', 'give up after so long', wholeNumber(1), 60)
    .addHelpText(
      'after',
      `
Examples:
  $ lens query 'select user_tier, count(*) as users from dim_users group by all'
  $ lens query 'select * from daily_metrics' --format csv > daily.csv`,
    )
    .action(async (sql: string, options: QueryFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const bounds = { edition: options.edition, maxRows: options.limit, timeoutMs: options.timeout * 1000 };
      const printer = resultPrinter(options.format, (text) => {
        output.result(text);
        return output.drain(AHEAD_BYTES);
      });
      const { truncated } = await withWarehouseReads(settings, noticePrinter(output), (operations) =>
        operations.streamQuery(sql, bounds, printer),
      );
      await printer.end();
      if (truncated) {
        process.stderr.write(`only the first ${count(options.limit)} rows are printed; --limit gives more\n`);
      }
    });
}
