import { Command } from 'commander';
import { addNodeFlags, NodeCommand } from '../node-command.ts';
import { addRunFlags, runNodes, type RunFlags } from '../run-command.ts';
import { withSelectionFlags } from '../selection-flags.ts';

/** `lens run`: exit 1 when a model failed, or follows from one that did. */
export function runCommand(): Command {
  const command = new Command('run').description(
    'catch up to where the log ends now, bring the selected models up to it, and exit',
  );
  return addRunFlags(addNodeFlags(withSelectionFlags(command, 'models')))
    .addHelpText('after', '\nExamples:\n  $ lens run\n  $ lens run --select +fct_sessions\n  $ lens run --full-refresh')
    .action((flags: RunFlags, own: Command) =>
      NodeCommand.open(flags, own).then((nodes) => runNodes(flags, nodes, ['model'])),
    );
}
