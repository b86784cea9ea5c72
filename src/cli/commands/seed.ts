import { Command } from 'commander';
import { addNodeFlags, NodeCommand } from '../node-command.ts';
import { type SeedFlags, seedNodes } from '../seed-nodes.ts';
import { withSelectionFlags } from '../selection-flags.ts';

/** `lens seed`: exit 1 when a file could not be loaded. */
export function seedCommand(): Command {
  const command = new Command('seed').description(
    'load the CSV files of the project; what depends on a changed one is updated in the same transaction',
  );
  return addNodeFlags(withSelectionFlags(command, 'resources'))
    .option('-f, --full-refresh', "dbt's flag: tables are made anew anyway when their columns change")
    .option('--show', 'print the first rows of each table')
    .addHelpText('after', '\nExamples:\n  $ lens seed\n  $ lens seed --select countries --show')
    .action((flags: SeedFlags, own: Command) => NodeCommand.open(flags, own).then((nodes) => seedNodes(flags, nodes)));
}
