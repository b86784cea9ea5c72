import { Command, Option } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { Settings } from '../../core/settings.ts';
import { RESOURCE_TYPES, type Resource, type ResourceType } from '../../project/resource-graph.ts';
import { selectResources, type Selection } from '../../project/select-resources.ts';
import { invocationOf } from '../invocation.ts';
import { manifestJson } from '../manifest-file.ts';
import { LIST_OUTPUTS, resourceLine, type ListOutput } from '../resource-lines.ts';
import { selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { TargetFolder } from '../target-folder.ts';
import { addTypeFlags, type TypeFlags, typesOf } from '../type-flags.ts';
import { addWarnFlags, openStrictProject } from '../warn-errors.ts';

interface LsFlags extends SelectionFlags, TypeFlags {
  readonly output: ListOutput;
  readonly outputKeys?: string[];
  readonly writeJson: boolean;
  readonly targetPath?: string;
}

const EXAMPLES = [
  'lens ls --select +fct_sessions --resource-type model',
  'lens ls --output json --output-keys name config.materialized',
];

/** `lens ls`: needs neither log nor warehouse. */
export function lsCommand(): Command {
  const command = new Command('ls').alias('list').description('list what the project holds, as dbt ls does');
  return addWarnFlags(addTypeFlags(withSelectionFlags(command, 'resources')))
    .addOption(new Option('--output <what>', 'what is printed of each').choices(LIST_OUTPUTS).default('selector'))
    .option('--output-keys <keys...>', 'with --output json: these keys of the manifest, as config.materialized')
    .option('--target-path <dir>', "where manifest.json goes; the project's target-path without it")
    .option('--no-write-json', 'write no manifest.json')
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  $ ${line}`).join('\n')}`)
    .action(async (flags: LsFlags, own: Command) => {
      const { settings, output } = invocationOf(own);
      const project = await openStrictProject(settings, flags);
      const { resources, warnings } = selectResources(project, listSelection(flags, settings));
      for (const warning of warnings) output.notice(warning);
      if (resources.length === 0) output.notice('No nodes selected!');
      const manifest = flags.writeJson || flags.output === 'json' ? manifestJson(project) : {};
      for (const line of listLines(resources, flags, manifest)) output.result(line);
      if (!flags.writeJson) return;
      const problem = new TargetFolder(settings.projectDir, flags.targetPath).write(
        'manifest.json',
        JSON.stringify(manifest),
      );
      if (problem !== null) output.notice(problem);
    });
}

/** What `lens ls` lists. `--models` is an older `--select` that means models only, and so goes with neither of the others. */
export function listSelection(flags: LsFlags, settings: Pick<Settings, 'projectDir'>): Selection {
  const { models, resourceType, resourceTypes = resourceType } = flags;
  if (models !== undefined && resourceTypes !== undefined) {
    throw new LensError('USAGE', '"models" and "resource_type" are mutually exclusive arguments', {
      hint: 'use --select, --models takes models only',
    });
  }
  const types = typesOf(flags, models === undefined ? RESOURCE_TYPES : ['model']);
  return { ...selectionOf(flags, settings), resourceTypes: types };
}

/** The lines that `dbt ls` prints of these resources. */
export function listLines(
  resources: readonly Resource[],
  { output, outputKeys }: Pick<LsFlags, 'output' | 'outputKeys'>,
  manifest: Readonly<Record<string, unknown>>,
): string[] {
  const places: Readonly<Partial<Record<ResourceType, string>>> = {
    source: 'sources',
    exposure: 'exposures',
    unit_test: 'unit_tests',
  };
  const nodeOf = ({ resourceType, uniqueId }: Resource): Readonly<Record<string, unknown>> => {
    const nodes = manifest[places[resourceType] ?? 'nodes'] as Readonly<
      Record<string, Readonly<Record<string, unknown>>>
    >;
    return nodes[uniqueId] ?? {};
  };
  const keys = outputKeys?.flatMap((text) => text.split(' '));
  return resources.map((one) => resourceLine(one, output, nodeOf, keys));
}
