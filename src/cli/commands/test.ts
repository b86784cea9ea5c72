import { Command } from 'commander';
import { addNodeFlags, NodeCommand } from '../node-command.ts';
import { addTypeFlags } from '../type-flags.ts';
import { withSelectionFlags } from '../selection-flags.ts';
import { type TestFlags, testNodes } from '../test-nodes.ts';

/** `lens test`: exit 1 when a test of severity error failed, or could not be run. */
export function testCommand(): Command {
  const command = new Command('test')
    .description(
      'run unit tests on what they give, and data tests over what is stored, all in one snapshot; nothing is caught up before',
    )
    .option('--store-failures', 'keep the failing rows in tables of the schema ..._dbt_test__audit');
  return addNodeFlags(addTypeFlags(withSelectionFlags(command, 'resources')))
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens test\n  $ lens test --select fct_sessions\n  $ lens test --select test_type:unit\n  $ lens test --store-failures',
    )
    .action((flags: TestFlags, own: Command) => NodeCommand.open(flags, own).then((nodes) => testNodes(flags, nodes)));
}
