import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import { findPackages } from '../../project/packages.ts';
import { readProjectFile } from '../../project/project-file.ts';
import { invocationOf } from '../invocation.ts';
import { manifestJson } from '../manifest-file.ts';
import { counted } from '../numbers.ts';
import { TargetFolder } from '../target-folder.ts';
import { addWarnFlags, openStrictProject, type WarnFlags } from '../warn-errors.ts';

interface ParseFlags extends WarnFlags {
  readonly targetPath?: string;
  readonly writeJson: boolean;
}

/** `lens parse`: reads the project, says what it warns of, and writes manifest.json. Needs neither log nor warehouse. */
export function parseCommand(): Command {
  return addWarnFlags(new Command('parse'))
    .description('read the project whole, say what it warns of, and write manifest.json')
    .option('--target-path <dir>', "where manifest.json goes; the project's target-path without it")
    .option('--no-write-json', 'write no manifest.json')
    .addHelpText('after', '\nExamples:\n  $ lens parse\n  $ lens parse --warn-error')
    .action(async (flags: ParseFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const project = await openStrictProject(settings, flags);
      for (const warning of project.warnings) output.notice(warning);
      const target = new TargetFolder(settings.projectDir, flags.targetPath);
      const problem = flags.writeJson ? target.write('manifest.json', JSON.stringify(manifestJson(project))) : null;
      if (problem !== null) output.notice(problem);
      const { models, tests, seeds, sources } = project;
      const found = [
        counted(models.length, 'model'),
        counted(seeds.length, 'seed'),
        counted(sources.length, 'source'),
        counted(tests.length, 'data test'),
      ].join(', ');
      const counts = { models: models.length, seeds: seeds.length, sources: sources.length, tests: tests.length };
      output.line(`Found ${found}`, { event: 'parsed', ...counts, warnings: project.warnings.length });
    });
}

/** `lens deps`: whether the packages that the project asks for are there. */
export function depsCommand(): Command {
  return new Command('deps')
    .description('say which packages are there; nothing is fetched, and one that is missing is an error')
    .addHelpText('after', '\nExamples:\n  $ lens deps')
    .action((_: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const root = readProjectFile(settings.projectDir);
      const { files, warnings } = findPackages(settings.projectDir, root);
      for (const { name, version, folder } of files) {
        output.line(`${name}${version === null ? '' : ` ${version}`} is in ${folder}`, {
          event: 'package',
          name,
          version,
          folder,
        });
      }
      if (warnings.length > 0) {
        throw new LensError('PROJECT_INVALID', warnings.join('\n'), {
          hint: `packages are not fetched here: dbt deps does, or put each into a folder of ${root.packagesPath}`,
        });
      }
      if (files.length === 0) output.line('the project asks for no packages', { event: 'packages', packages: 0 });
    });
}
