import { plannableProject } from '../../materializer/buildable-project.ts';
import { Command } from 'commander';
import { leftOutWords, usableProject } from '../../materializer/seeds/usable-seeds.ts';
import { presentProject } from '../../service/present-project.ts';
import { openCatalog } from '../../service/open-project.ts';
import { noticePrinter } from '../event-printer.ts';
import { explainedPlans } from '../explained-plans.ts';
import { invocationOf } from '../invocation.ts';
import { modelsSeen } from '../models-seen.ts';
import { selectedModels, selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { planText } from '../plan-text.ts';

/** `lens explain [SELECTORS...] [--json]`: needs neither log nor warehouse; where there is one, it tells what was spent. */
export function explainCommand(): Command {
  return withSelectionFlags(new Command('explain'), 'models')
    .description(
      'how each model is kept current: by which key, what a change of its inputs touches, or why it is rebuilt, and its cost',
    )
    .argument('[selectors...]', "models, in dbt's selection language; all of them without")
    .option('--json', 'whole plans and costs as one JSON array')
    .addHelpText('after', '\nExamples:\n  $ lens explain\n  $ lens explain fct_sessions+\n  $ lens explain --json')
    .action(async (words: string[], options: SelectionFlags & { json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const project = await presentProject(settings, noticePrinter(output));
      const selected = new Set(
        selectedModels(project, selectionOf(options, settings, words), output).map(({ name }) => name),
      );
      if (selected.size === 0) return;
      const usable = await plannableProject(await usableProject(project, openCatalog(settings), null));
      for (const [name, why] of usable.whole.waiting)
        if (selected.has(name))
          output.notice(`${name} ${usable.whole.faulty.has(name) ? 'cannot be built' : 'is not built yet'}, ${why}`);
      for (const message of leftOutWords(usable)) output.notice(message);
      const plans = await explainedPlans(usable, await modelsSeen(settings, output));
      const chosen = plans.filter(({ model }) => selected.has(model));
      if (options.json === true || output.format === 'json') {
        output.result(JSON.stringify(chosen, null, options.json === true ? 2 : 0));
      } else output.result(chosen.map(planText).join('\n\n'));
    });
}
