import { Command, InvalidArgumentError } from 'commander';
import { yamlMapping } from '../../core/setting-value.ts';
import { addNodeFlags, NodeCommand } from '../node-command.ts';
import { type MacroFlags, runOperation } from '../run-operation.ts';

/** `lens run-operation`: exit 1 when the macro failed, 2 when there is none of that name. */
export function runOperationCommand(): Command {
  return addNodeFlags(new Command('run-operation'))
    .description('call a macro of the project or a package; what it does to the warehouse is bounded as for hooks')
    .argument('<macro>', 'MACRO, or PACKAGE.MACRO')
    .option('--args <yaml>', 'its arguments by name, as {name: value}', macroArguments, {})
    .addHelpText(
      'after',
      "\nExamples:\n  $ lens run-operation drop_old_audits\n  $ lens run-operation note --args '{what: deployed, times: 2}'",
    )
    .action(async (macro: string, given: Omit<MacroFlags, 'macro'>, own: Command) => {
      const flags = { ...given, macro };
      await runOperation(flags, await NodeCommand.open(flags, own));
    });
}

function macroArguments(yaml: string): MacroFlags['args'] {
  const args = yamlMapping(yaml);
  if (args === null) throw new InvalidArgumentError(`String '${yaml}' is not valid YAML`);
  return args;
}
