import type { Command, CommanderError } from 'commander';
import { LensError } from '../core/errors.ts';

/** What commander found wrong with the command line, with a hint that names the very command. */
export function usageError(error: CommanderError, program: Command, args: readonly string[]): LensError {
  const command = commandOf(program, args);
  const help = `${nameOf(command)} --help`;
  if (error.code === 'commander.help') {
    return new LensError('USAGE', `${nameOf(command)} needs a subcommand`, { hint: help });
  }
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const option = error.code === 'commander.unknownOption' ? args.find((arg) => /^-.*\s/s.test(arg)) : undefined;
  if (option !== undefined && message.includes(option)) {
    return new LensError('USAGE', `${JSON.stringify(option)} is taken for an option, since it starts with -`, {
      hint: `write -- before it: ${nameOf(command)} -- ...`,
    });
  }
  return new LensError('USAGE', message, {
    hint: suggestion?.replace(/^\((.*)\)$/, '$1').replace(/^Did/, 'did') ?? help,
  });
}

/** The innermost command that the words name. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (word.startsWith('-')) {
      const option = [...program.options, ...command.options].find(
        ({ long, short }) => word === long || word === short,
      );
      // Its value is not the name of a command.
      if (option?.required === true) i++;
      continue;
    }
    const found = command.commands.find((one) => one.name() === word);
    if (found === undefined) break;
    command = found;
  }
  return command;
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
