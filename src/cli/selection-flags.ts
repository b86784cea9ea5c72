import { type Command, Option } from 'commander';
import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import { readState } from '../project/previous-state.ts';
import type { Model, Project } from '../project/project-contract.ts';
import type { Resource, ResourceType } from '../project/resource-graph.ts';
import { selectResources, type Selection } from '../project/select-resources.ts';
import { defaultSelector } from '../project/selector-definitions.ts';
import { INDIRECT_SELECTIONS, type IndirectSelection } from '../project/selection-spec.ts';
import { openProject } from '../service/open-project.ts';
import type { Output } from './output.ts';
import { isError, type WarnFlags } from './warn-errors.ts';
import { TargetFolder } from './target-folder.ts';

/** What commander gives for the flags of `withSelectionFlags`. */
export interface SelectionFlags extends WarnFlags {
  readonly select?: string[];
  readonly models?: string[];
  readonly exclude?: string[];
  readonly selector?: string;
  readonly state?: string;
  readonly targetPath?: string;
  readonly indirectSelection?: IndirectSelection;
  readonly strictSelect?: boolean;
}

/**
 * Adds dbt's flags for what a command is for.
 *
 * @param what it selects: `resources` may be tests, too, and so takes `--indirect-selection`
 */
export function withSelectionFlags(command: Command, what: 'models' | 'resources'): Command {
  command
    .option('-s, --select <selectors...>', `${what} to take, in dbt's selection language`)
    .option('-m, --models <selectors...>', 'the same under its older name')
    .option('--exclude <selectors...>', `${what} to leave out`)
    .option('--selector <name>', 'a selector of selectors.yml, instead of --select and --exclude')
    .option('--state <dir>', 'artifacts of an earlier run, of dbt too, for state:, result: and source_status:')
    .option('--strict-select', 'fail when a criterion matches nothing, instead of a warning');
  if (what === 'resources') {
    command.addOption(
      new Option('--indirect-selection <mode>', 'which tests follow from what is selected').choices(
        INDIRECT_SELECTIONS,
      ),
    );
  }
  return command;
}

/**
 * What the flags select; reads the artifacts of `--state`.
 *
 * @param words those of the command's arguments, if it takes selectors there
 */
export function selectionOf(
  flags: SelectionFlags,
  { projectDir }: Pick<Settings, 'projectDir'>,
  words: readonly string[] = [],
): Selection {
  const { state, targetPath } = flags;
  if (flags.models !== undefined && flags.select !== undefined) {
    throw new LensError('USAGE', '--models and --select are two names of one flag', { hint: 'use --select' });
  }
  return {
    select: [...words, ...(flags.models ?? flags.select ?? [])],
    exclude: flags.exclude,
    selector: flags.selector,
    indirectSelection: flags.indirectSelection,
    strict: flags.strictSelect === true || isError('NoNodesForSelectionCriteria', flags),
    state: state === undefined ? undefined : readState(state, new TargetFolder(projectDir, targetPath).dir),
  };
}

/** Whether a selection says anything about what to take; the default selector of a project does, too. */
export function selects({ select, exclude, selector }: Selection, project?: Project): boolean {
  const byDefault = project !== undefined && defaultSelector(project.selectors) !== undefined;
  return (select ?? []).length > 0 || (exclude ?? []).length > 0 || selector !== undefined || byDefault;
}

/**
 * The resources of a selection, by unique id, with a line for each criterion that matches nothing. When there are none, that is
 * said as dbt says it, and the command has nothing to do.
 */
export function selectedResources(
  project: Project,
  selection: Selection,
  types: readonly ResourceType[],
  output: Output,
): readonly Resource[] {
  const { resources, warnings } = selectResources(project, { ...selection, resourceTypes: types });
  for (const warning of warnings) output.notice(warning);
  if (resources.length === 0) {
    output.notice('Nothing to do. Try checking your model configs and model specification args');
  }
  return resources;
}

/** The models of a selection, in the project's order, as `selectedResources`. */
export function selectedModels(project: Project, selection: Selection, output: Output): readonly Model[] {
  const ids = new Set(selectedResources(project, selection, ['model'], output).map(({ uniqueId }) => uniqueId));
  return project.models.filter(({ uniqueId }) => ids.has(uniqueId));
}

/**
 * Names of the models that are selected; undefined where nothing is said: which models there are is then for the holder of the warehouse
 * to say, and the project is not read.
 */
export async function chosenModels(
  selection: Selection,
  settings: Settings,
  output: Output,
): Promise<readonly string[] | undefined> {
  if (!selects(selection)) return undefined;
  return selectedModels(await openProject(settings), selection, output).map(({ name }) => name);
}
