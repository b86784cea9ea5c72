import { Command } from 'commander';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import type { ModelVerification } from '../../materializer/operations.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { count, counted } from '../numbers.ts';
import { textTable } from '../text-table.ts';

/** `lens verify [SELECTORS...] [--json]`: exit 1 when a table differs from its SELECT. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'compare the tables of models with what their SELECTs give now, in one snapshot, also beside the service',
    )
    .argument('[selectors...]', "models, in dbt's selection language; all of them without")
    .option('--json', 'as one JSON array')
    .addHelpText('after', '\nExamples:\n  $ lens verify\n  $ lens verify fct_sessions+\n  $ lens verify --json')
    .action(async (select: string[], options: { json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const models = await withWarehouseReads(settings, noticePrinter(output), (reads) => reads.verify({ select }));
      if (models.some(({ status }) => status === 'different')) process.exitCode = 1;
      const json = options.json === true || output.format === 'json';
      output.result(json ? JSON.stringify(models, null, options.json === true ? 2 : 0) : verificationText(models));
    });
}

function verificationText(models: readonly ModelVerification[]): string {
  const rows = models.map(({ name, status, rows }) => [name, status, status === 'not compared' ? '' : count(rows)]);
  const lines = [textTable([{ name: 'TABLE' }, { name: 'STATUS' }, { name: 'ROWS', right: true }], rows)];
  for (const { name, status, stored, expected, examples } of models) {
    if (status !== 'different') continue;
    lines.push('', `${name}: ${counted(stored, 'row')} only stored, ${counted(expected, 'row')} only expected`);
    for (const { side, key } of examples) lines.push(`  ${side} ${key}`);
  }
  if (models.some(({ status }) => status === 'not compared')) {
    lines.push('', 'not compared: not at the checkpoint; lens compact brings models kept by compaction up to it');
  }
  return lines.join('\n');
}
