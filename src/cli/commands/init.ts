import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import { invocationOf } from '../invocation.ts';
import { newProjectFiles } from '../new-project-files.ts';

/** dbt's rule. */
const NAME = /^[^\W\d]\w*$/u;

/** `lens init NAME`: writes the smallest project into a new folder of the current one. */
export function initCommand(): Command {
  return new Command('init')
    .description('write the smallest project that does everything: a topic, two models, tests and sample records')
    .argument('<name>', 'of the project and its folder')
    .addHelpText('after', '\nExamples:\n  $ lens init hello')
    .action((name: string, _: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      if (!NAME.test(name)) {
        throw new LensError('USAGE', `${name} is not a valid project name.`, {
          hint: 'letters, digits and underscores, and no digit first',
        });
      }
      const folder = path.join(settings.projectDir, name);
      if (existsSync(folder)) {
        throw new LensError('USAGE', `A project called ${name} already exists here.`, { place: folder });
      }
      for (const [file, text] of newProjectFiles(name)) {
        const place = path.join(folder, file);
        mkdirSync(path.dirname(place), { recursive: true });
        writeFileSync(place, text);
      }
      const next = [`cd ${name}`, 'lens produce orders orders.jsonl', 'lens build', 'lens start'];
      const text = [`Your new project "${name}" was created!`, ...next.map((line) => `  ${line}`)].join('\n');
      output.line(text, { event: 'created', project: name, folder });
    });
}
