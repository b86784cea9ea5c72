import { Command } from 'commander';
import { compile, qualified } from '../../project/compile.ts';
import { openProject } from '../../service/runtime.ts';
import { invocationOf } from '../invocation.ts';

/** `lens compile [MODEL...]`: needs neither log nor warehouse. */
export function compileCommand(): Command {
  return new Command('compile')
    .description('print the compiled SQL of models, all of them when none is named')
    .argument('[models...]', 'names of models')
    .addHelpText('after', '\nExamples:\n  $ lens compile fct_sessions')
    .action(async (models: string[], _options: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const project = await openProject(settings);
      const chosen = models.length === 0 ? project.models : models.map((name) => project.model(name));
      for (const model of chosen) {
        const sql = compile(project, model, qualified).trim();
        output.result(chosen.length === 1 ? sql : `-- ${model.name} (${model.path})\n${sql};\n`);
      }
    });
}
