import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import { invocationOf } from '../invocation.ts';
import { NodeCommand } from '../node-command.ts';
import { readPreviousRun, retryable } from '../previous-run.ts';
import { NODE_TYPES, type RunFlags, runNodes } from '../run-command.ts';
import { type MacroFlags, runOperation } from '../run-operation.ts';
import { seedNodes } from '../seed-nodes.ts';
import { TargetFolder } from '../target-folder.ts';
import { testNodes } from '../test-nodes.ts';
import { addWarnFlags, isError, type WarnFlags } from '../warn-errors.ts';

interface RetryFlags extends WarnFlags {
  readonly state?: string;
  readonly fullRefresh?: boolean;
  readonly targetPath?: string;
  readonly writeJson: boolean;
}

/** Flags of the previous command that are not taken over, as in dbt: this call has its own. */
const OWN = new Set([
  'target_path',
  'write_json',
  'warn_error',
  'warn_error_options',
  'select',
  'models',
  'exclude',
  'selector',
  'threads',
]);

/** What dbt's retry goes on after, too. */
const WHOLE: Readonly<Record<string, string>> = {
  compile: 'lens compile is done whole, as quickly: run it again',
  generate: 'lens docs generate is done whole, as quickly: run it again',
  snapshot: 'snapshots are not run',
  clone: 'relations are not cloned',
};

/** `lens retry`: the last command once more, for what failed or was skipped in it. */
export function retryCommand(): Command {
  return addWarnFlags(new Command('retry'))
    .description(
      'run again what failed or was skipped in the last lens run, build, test, seed or run-operation, with its flags',
    )
    .option('--state <dir>', 'folder with the run_results.json to go by; the target folder without it')
    .option('-f, --full-refresh', 'as if the last command had had it')
    .option('--target-path <dir>', "where artifacts and compiled SQL go; the project's target-path without it")
    .option('--no-write-json', 'write no artifacts')
    .addHelpText('after', '\nExamples:\n  $ lens retry\n  $ lens retry --state ci-artifacts')
    .action(async (own: RetryFlags, command: Command) => {
      const { settings } = invocationOf(command);
      const previous = readPreviousRun(own.state ?? new TargetFolder(settings.projectDir, own.targetPath).dir);
      const kept = Object.entries(previous.args).filter(([key]) => !OWN.has(key));
      const flags: RunFlags = { ...Object.fromEntries(kept.map(([key, value]) => [camel(key), value])), ...own };
      const only = retryable(previous, isError('LogTestResult', own));
      const nodes = await NodeCommand.open(flags, command, { ...previous, only });
      if (previous.which === 'run-operation') {
        const { macro, args } = previous.args as { macro: string; args: MacroFlags['args'] };
        if (only.size > 0) await runOperation({ ...flags, macro, args }, nodes);
        return;
      }
      const types = NODE_TYPES.get(previous.which);
      if (previous.which === 'test') return testNodes(flags, nodes);
      if (previous.which === 'seed') return seedNodes(flags, nodes);
      if (types !== undefined) return runNodes(flags, nodes, types);
      throw new LensError('USAGE', `the last command was ${previous.which}, which is not run again`, {
        hint: WHOLE[previous.which] ?? 'lens retry goes on after lens run, build, test, seed and run-operation',
      });
    });
}

/** `fullRefresh` for `full_refresh`. */
function camel(key: string): string {
  return key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
