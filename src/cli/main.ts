import { CommanderError } from 'commander';
import { diskFull } from '../core/disk-full.ts';
import { exitCodeOf } from '../core/errors.ts';
import { withFlagsBehind } from './dbt-flags.ts';
import { errorFormat } from './error-format.ts';
import { reportError } from './error-report.ts';
import { buildProgram } from './program.ts';
import { usageError } from './usage-error.ts';

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

/** Runs one command, prints its error, and returns the exit code that `main` ends the process with. */
export async function outcome(args: readonly string[]): Promise<number> {
  const program = await buildProgram(args);
  try {
    for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
      command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
    }
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(withFlagsBehind(program, args), { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const reported =
      error instanceof CommanderError ? usageError(error, program, args) : (diskFull(error, undefined) ?? error);
    process.stderr.write(reportError(reported, errorFormat(args, process.env)));
    // 2 says something else then
    return args.includes('--detailed-exitcode') ? 1 : exitCodeOf(reported);
  }
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
