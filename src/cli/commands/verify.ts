import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { VerifyOptions } from '../../materializer/verification/verification.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import { wholeNumber } from '../number-arguments.ts';
import { Progress } from '../progress.ts';
import { chosenModels, selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { verificationText } from '../verification-text.ts';

interface VerifyFlags extends SelectionFlags {
  readonly from?: 'raw' | 'log';
  readonly chaos?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

const EXAMPLES = [
  'lens verify',
  'lens verify --select fct_sessions+',
  'lens verify --from log',
  'lens verify --chaos 3 --seed 7',
];

/** `lens verify`: exit 1 when a table differs from what it should be. */
export function verifyCommand(): Command {
  return withSelectionFlags(new Command('verify'), 'models')
    .description('compare tables with what their SELECTs, or a replay of the log, give; also beside the service')
    .argument('[selectors...]', "models, in dbt's selection language, as with --select; all of them without")
    .addOption(
      new Option('--from <where>', 'recompute models from the stored raw tables, or replay the log').choices([
        'raw',
        'log',
      ]),
    )
    .option('--chaos <N>', 'replay the log in N other ways, too, and demand the same tables', wholeNumber(1))
    .option('--seed <S>', 'of those ways; the same gives the same', wholeNumber(0))
    .option('--json', 'as one JSON object')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  $ ${line}`).join('\n')}`)
    .action(async (words: string[], flags: VerifyFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const models = await chosenModels(selectionOf(flags, settings, words), settings, output);
      if (models?.length === 0) return;
      const signal = interruption();
      using progress = new Progress(output);
      const options: VerifyOptions = {
        ...asked(models, flags),
        signal,
        onProgress: ({ label, done, total }) => progress.update(label, done, total),
      };
      try {
        const found = await withWarehouseReads(settings, noticePrinter(output), (reads) => reads.verify(options));
        progress.clear();
        if (found.status === 'different') process.exitCode = 1;
        const json = flags.json === true || output.format === 'json';
        output.result(json ? JSON.stringify(found, null, flags.json === true ? 2 : 0) : verificationText(found));
      } catch (error) {
        if (!signal.aborted || error !== signal.reason) throw error;
        progress.clear();
        reportInterruption(output, 'nothing was changed, and nothing is left of the replay');
      }
    });
}

function asked(models: readonly string[] | undefined, flags: VerifyFlags): VerifyOptions {
  if (flags.chaos === undefined) {
    if (flags.seed === undefined) return { models, from: flags.from };
    throw new LensError('USAGE', '--seed says which ways --chaos takes', { hint: 'lens verify --chaos 3 --seed 7' });
  }
  if (flags.from === 'raw') {
    throw new LensError('USAGE', '--chaos replays the log, --from raw does not', { hint: 'leave out --from raw' });
  }
  return { models, from: 'log', chaos: { replays: flags.chaos, seed: flags.seed ?? randomInt(1_000_000) } };
}
