import { Command } from 'commander';
import type { EditionEntry } from '../../materializer/editions/editions.ts';
import { withWarehouse, withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { bytes, count } from '../numbers.ts';
import { textTable } from '../text-table.ts';

/** `lens editions [list]`, `lens editions drop NAME`. */
export function editionsCommand(): Command {
  const editions = new Command('editions').description(
    'the live edition of the warehouse, the one before it, and those as of an earlier time',
  );
  editions
    .command('list', { isDefault: true })
    .description('list them; lens editions alone does the same')
    .option('--json', 'with their checkpoints, as one JSON array')
    .addHelpText('after', '\nExamples:\n  $ lens editions\n  $ lens editions list --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const entries = await withWarehouseReads(settings, noticePrinter(output), (reads) => reads.editions());
      const json = options.json === true || output.format === 'json';
      output.result(json ? JSON.stringify(entries, null, options.json === true ? 2 : 0) : editionsText(entries));
    });
  editions
    .command('drop')
    .description('remove an edition that is not the live one')
    .argument('<name>', 'as lens editions lists it')
    .addHelpText('after', '\nExamples:\n  $ lens editions drop march')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const opening = { onEvent: noticePrinter(output), create: false } as const;
      await withWarehouse(settings, opening, (operations) => operations.dropEdition(name));
      output.line(`dropped edition ${name}`, { event: 'dropped', name });
    });
  return editions;
}

function editionsText(entries: readonly EditionEntry[]): string {
  const rows = entries.map((entry) => [
    entry.name,
    String(entry.number),
    entry.builtBy,
    entry.builtAt,
    bytes(entry.bytes),
    count(entry.checkpoint.reduce((sum, { nextOffset }) => sum + nextOffset, 0)),
    entry.liveSince === null
      ? entry.liveUntil === null
        ? 'for reading'
        : `live until ${entry.liveUntil}`
      : `live since ${entry.liveSince}`,
  ]);
  return textTable(
    [
      { name: 'EDITION' },
      { name: 'NO', right: true },
      { name: 'BUILT BY' },
      { name: 'BUILT AT' },
      { name: 'SIZE', right: true },
      { name: 'OFFSETS', right: true },
      { name: '' },
    ],
    rows,
  );
}
