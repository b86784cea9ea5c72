import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { WhyQuestion } from '../../materializer/lineage/why-contract.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { wholeNumber } from '../number-arguments.ts';
import { whyText } from '../why-text.ts';

/** `lens why MODEL KEY...`: exit 1 when there is no such row. */
export function whyCommand(): Command {
  return new Command('why')
    .description('the records behind a row of a model: topic, partition, offset and time, through all it reads')
    .argument('<model>', 'a model, a view, or a raw table')
    .argument('<key...>', 'the values of its key, or columns as JSON: \'{"user_id": 3}\'')
    .option('--limit <rows>', 'name at most so many rows of each table; 0 for all', wholeNumber(0), 20)
    .option('--json', 'as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  $ lens why dim_users 42
  $ lens why fct_sessions 12 3
  $ lens why fct_sessions '{"session_id": 12, "user_id": 3}'
  $ lens why daily_metrics 2026-03-01 --limit 0 --json`,
    )
    .action(async (table: string, values: string[], options: { limit: number; json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const question = { table, key: keyOf(values), limit: options.limit };
      const answer = await withWarehouseReads(settings, noticePrinter(output), (reads) => reads.why(question));
      const json = options.json === true || output.format === 'json';
      output.result(json ? JSON.stringify(answer, null, options.json === true ? 2 : 0) : whyText(answer));
    });
}

/** One argument that is a JSON object or array says all; otherwise each argument is a value as it stands. */
function keyOf(values: readonly string[]): WhyQuestion['key'] {
  const [only = '', ...others] = values;
  if (others.length > 0 || !/^\s*[{[]/.test(only)) return values;
  try {
    return JSON.parse(only, exact) as WhyQuestion['key'];
  } catch (error) {
    if (error instanceof LensError) throw error;
    throw new LensError('USAGE', `the key ${only} is not JSON`, {
      hint: `columns by name, '{"user_id": 3}', or values in the key's order, '[12, 3]'`,
      cause: error,
    });
  }
}

function exact(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  throw new LensError('USAGE', `the number ${value} is beyond 2^53`, { hint: 'write it as a text, in double quotes' });
}
