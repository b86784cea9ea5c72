import { Command } from 'commander';
import { addNodeFlags, NodeCommand } from '../node-command.ts';
import { addRunFlags, runNodes, type RunFlags } from '../run-command.ts';
import { addTypeFlags } from '../type-flags.ts';
import { withSelectionFlags } from '../selection-flags.ts';

/** `lens build`: exit 1 when a model or a test failed, or anything was skipped for that. */
export function buildCommand(): Command {
  const command = new Command('build')
    .description('catch up as lens run does, then run the tests; what follows from a failure is skipped')
    .option('--store-failures', 'keep the failing rows in tables of the schema ..._dbt_test__audit');
  return addRunFlags(addNodeFlags(addTypeFlags(withSelectionFlags(command, 'resources'))))
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens build\n  $ lens build --select +fct_sessions\n  $ lens build --fail-fast',
    )
    .action((flags: RunFlags, own: Command) =>
      NodeCommand.open(flags, own).then((nodes) => runNodes(flags, nodes, ['seed', 'model', 'test', 'unit_test'])),
    );
}
