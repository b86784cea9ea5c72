import { Command } from 'commander';
import { addNodeFlags, NodeCommand } from '../node-command.ts';
import { isReplay, replayEdition, type ReplayFlags } from '../replay-edition.ts';
import { addRunFlags, runNodes, type RunFlags } from '../run-command.ts';
import { withSelectionFlags } from '../selection-flags.ts';

/** `lens run`: exit 1 when a model failed, or follows from one that did. */
export function runCommand(): Command {
  const command = new Command('run').description(
    'catch up to where the log ends now, bring the selected models up to it, and exit',
  );
  return addRunFlags(addNodeFlags(withSelectionFlags(command, 'models')))
    .addHelpText('after', '\nExamples:\n  $ lens run\n  $ lens run --select +fct_sessions\n  $ lens run --full-refresh')
    .option('--edition <name>', 'with --full-refresh: build an edition for reading under this name, and swap nothing')
    .option(
      '--to-offset <places>',
      'with --edition: replay up to TOPIC/PARTITION:OFFSET[,...], the others to their ends',
    )
    .option('--to-time <time>', 'with --edition: replay up to the first record of this time or later (ISO 8601)')
    .action((flags: RunFlags & ReplayFlags, own: Command) =>
      isReplay(flags)
        ? replayEdition(flags, own)
        : NodeCommand.open(flags, own).then((nodes) => runNodes(flags, nodes, ['model'])),
    );
}
