import { rmSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import { readProjectFile } from '../../project/project-file.ts';
import { invocationOf } from '../invocation.ts';
import { NodeConsole } from '../node-console.ts';

interface CleanFlags {
  readonly cleanProjectFilesOnly: boolean;
}

/** `lens clean`: removes what `clean-targets` of dbt_project.yml names, `target` without it. */
export function cleanCommand(): Command {
  return new Command('clean')
    .description('remove the folders that clean-targets of dbt_project.yml names; target without it')
    .option('--no-clean-project-files-only', 'also folders outside of the project')
    .addHelpText('after', '\nExamples:\n  $ lens clean')
    .action((flags: CleanFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const console = new NodeConsole(output.timed());
      const folders = foldersToClean(settings, flags.cleanProjectFilesOnly);
      for (const folder of folders) {
        console.line(`Checking ${folder}/*`, { name: 'CheckCleanPath', code: 'Z012' });
        rmSync(folder, { recursive: true, force: true });
        console.line(`Cleaned ${folder}/*`, { name: 'ConfirmCleanPath', code: 'Z013' });
      }
      console.line('Finished cleaning all paths.', { name: 'FinishedCleanPaths', code: 'Z015' });
    });
}

/** The folders, when none of them may be missed: all are looked at before any is removed. USAGE as dbt refuses them. */
function foldersToClean(settings: { projectDir: string; dataDir: string }, insideOnly: boolean): string[] {
  const root = path.resolve(settings.projectDir);
  const file = readProjectFile(root);
  const resolved = (folder: string): string => path.resolve(root, folder);
  const folders = [...new Set(file.cleanTargets.map(resolved))];
  const sources = [...file.propertyPaths, ...file.docsPaths, 'topics'].map(resolved);
  const kept = folders.filter((folder) => sources.some((source) => overlap(folder, source)));
  refuse('source paths', kept);
  const data = path.resolve(settings.dataDir);
  refuse(
    'folders, which hold the warehouse',
    folders.filter((folder) => overlap(folder, data)),
  );
  const outside = folders.filter((folder) => !isInside(folder, root));
  // The project itself is never cleaned, nor what it lies in.
  refuse('directories outside the project', insideOnly ? outside : outside.filter((folder) => overlap(folder, root)));
  return folders;
}

function refuse(what: string, folders: readonly string[]): void {
  if (folders.length === 0) return;
  throw new LensError('USAGE', `lens will not clean the following ${what}: ${folders.join(', ')}`, {
    place: 'clean-targets in dbt_project.yml',
    hint: 'take them out of clean-targets',
  });
}

/** Whether one of two folders is, or lies in, the other. */
function overlap(a: string, b: string): boolean {
  return a === b || isInside(a, b) || isInside(b, a);
}

function isInside(folder: string, other: string): boolean {
  const way = path.relative(other, folder);
  return way !== '' && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
