import { CommanderError } from 'commander';
import { exitCodeOf, LensError } from '../core/errors.ts';
import { reportError } from './error-report.ts';
import { buildProgram } from './program.ts';

/**
 * Runs one command and ends the process: 0 done, 1 work failed, 2 usage, configuration or a crash. The only place that
 * prints errors and sets the exit code.
 */
export async function main(args: readonly string[]): Promise<never> {
  endQuietlyWithoutReader();
  const code = await outcome(args);
  // A pipe takes what its reader has room for: exiting before the rest is written would cut the output off.
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void stream.write('', () => resolve()));
  }
  process.exit(code);
}

async function outcome(args: readonly string[]): Promise<number> {
  try {
    const program = buildProgram();
    for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
      command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
    }
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const reported = error instanceof CommanderError ? usageError(error, args) : error;
    process.stderr.write(reportError(reported, wantedFormat(args)));
    return exitCodeOf(reported);
  }
}

function usageError(error: CommanderError, args: readonly string[]): LensError {
  const command = args.find((word) => !word.startsWith('-'));
  if (error.code === 'commander.help') {
    return new LensError('USAGE', `${command ?? 'lens'} needs a subcommand`, { hint: `lens ${command ?? ''} --help` });
  }
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const known =
    error.code === 'commander.unknownCommand' || command === undefined ? 'lens --help' : `lens ${command} --help`;
  return new LensError('USAGE', message, { hint: suggestion?.replace(/^\((.*)\)$/, '$1') ?? known });
}

/** The format of errors, also of those that come before the settings are known. */
function wantedFormat(args: readonly string[]): 'text' | 'json' {
  const at = args.lastIndexOf('--log-format');
  const flag =
    at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('--log-format='))?.slice('--log-format='.length);
  return (flag ?? process.env['LENS_LOG_FORMAT']) === 'json' ? 'json' : 'text';
}

/** `lens consume t | head` ends when head does. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}
