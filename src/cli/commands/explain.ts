import { Command } from 'commander';
import { planGates, planModels } from '../../maintenance/planner.ts';
import { refusals } from '../../maintenance/refused-models.ts';
import { inputRelations } from '../../materializer/input-tables.ts';
import { leftOutWords, usableProject } from '../../materializer/seeds/usable-seeds.ts';
import { presentProject } from '../../service/present-project.ts';
import { openCatalog } from '../../service/runtime.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { modelsSeen } from '../models-seen.ts';
import { selectedModels, selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { explainedGates, type ExplainedPlan, planHints, planText } from '../plan-text.ts';

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
      for (const [name, why] of project.waiting)
        if (selected.has(name)) output.notice(`${name} is not built yet, ${why}`);
      const { project: usable, inputs, ...rest } = await usableProject(project, openCatalog(settings), null);
      for (const message of leftOutWords({ project: usable, ...rest })) output.notice(message);
      const raw = inputRelations(inputs);
      const plans = await planModels(usable, raw);
      const gates = await planGates(usable, raw);
      const seen = await modelsSeen(settings, output);
      const chosen = plans
        .filter((plan) => selected.has(plan.model))
        .map((plan): ExplainedPlan => {
          const { cost, failure } = seen?.get(plan.model) ?? { cost: null, failure: null };
          const own = explainedGates(gates, project.model(plan.model));
          const asked = project.asked.get(plan.model) ?? [];
          const refused = refusals(project, plan);
          return { ...plan, hints: planHints(plan), refused, gates: own, asked, cost, failure };
        });
      if (options.json === true || output.format === 'json') {
        output.result(JSON.stringify(chosen, null, options.json === true ? 2 : 0));
      } else output.result(chosen.map(planText).join('\n\n'));
    });
}
