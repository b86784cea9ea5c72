import type { Command } from 'commander';
import type { NodeResult } from '../materializer/nodes/node-results.ts';
import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { Project } from '../project/project-contract.ts';
import type { Resource, ResourceType } from '../project/resource-graph.ts';
import { selectResources } from '../project/select-resources.ts';
import { presentProject } from '../service/present-project.ts';
import { noticePrinter } from './event-printer.ts';
import { INVOCATION } from '../core/invocation.ts';
import type { RunFacts } from '../project/run-moment.ts';
import { invocationOf, type Invocation } from './invocation.ts';
import { manifestJson } from './manifest-file.ts';
import { NodeConsole } from './node-console.ts';
import { printEnding } from './node-summary.ts';
import { wholeNumber } from './number-arguments.ts';
import type { PreviousRun } from './previous-run.ts';
import { runResultsJson } from './run-results-file.ts';
import { selectionOf, selects, type SelectionFlags } from './selection-flags.ts';
import { TargetFolder } from './target-folder.ts';
import { addWarnFlags, isError, openStrictProject } from './warn-errors.ts';

/** Flags that commands which run nodes have in common; dbt's names and meanings. */
export interface NodeFlags extends SelectionFlags {
  readonly failFast?: boolean;
  readonly threads?: number;
  /** dbt's: false for `--no-print`. */
  readonly print?: boolean;
  readonly writeJson: boolean;
  readonly targetPath?: string;
}

export function addNodeFlags(command: Command): Command {
  return addWarnFlags(command)
    .option('-x, --fail-fast', 'after the first failure, skip the others')
    .option('--threads <n>', 'taken for the sake of dbt: nodes run one after another', wholeNumber(1))
    .option('--target-path <dir>', "where artifacts and compiled SQL go; the project's target-path without it")
    .option('--no-write-json', 'write no artifacts');
}

/** What a command that runs nodes has given. */
export interface NodesDone {
  readonly results: readonly NodeResult[];
  readonly milliseconds: number;
  readonly interrupted: boolean;
  /** `3 data tests`. */
  readonly what: string;
  readonly remarks: readonly string[];
}

/** When nothing is selected. */
export const NOTHING_DONE: NodesDone = { results: [], milliseconds: 0, interrupted: false, what: '', remarks: [] };

/** The command that is run again, and what of it. */
export interface Again extends PreviousRun {
  /** Unique ids. */
  readonly only: ReadonlySet<string>;
}

/** One call of a command that runs nodes: its console at the beginning, its artifacts and last lines at the end. */
export class NodeCommand {
  readonly invocation: Invocation;
  readonly console: NodeConsole;
  readonly #flags: NodeFlags;
  readonly #command: Command;
  readonly #again: Again | null;
  readonly project: Project;

  /** @param again of a retry */
  static async open(flags: NodeFlags, command: Command, again: Again | null = null): Promise<NodeCommand> {
    const { settings: given, output } = invocationOf(command);
    const vars = { ...(again?.args['vars'] as Settings['vars'] | undefined), ...given.vars };
    const settings = { ...given, vars };
    const project = await openStrictProject(settings, flags, (of) => presentProject(of, noticePrinter(output)));
    return new NodeCommand({ settings, output: output.timed() }, project, flags, command, again);
  }

  private constructor(
    invocation: Invocation,
    project: Project,
    flags: NodeFlags,
    command: Command,
    again: Again | null,
  ) {
    this.invocation = invocation;
    this.project = project;
    this.#again = again;
    this.console = new NodeConsole(this.invocation.output, flags.print);
    this.#flags = flags;
    this.#command = command;
    if (flags.threads !== undefined && flags.threads > 1) {
      this.invocation.output.notice(
        `--threads ${flags.threads}: nodes run one after another, each on warehouse.threads of DuckDB`,
      );
    }
  }

  /** `run`, `build`, `test`: of a retry the command that is run again. */
  get name(): string {
    return this.#again?.which ?? this.#command.name();
  }

  /** What the flags select of some types, by unique id; says which criteria match nothing. */
  selected(types: readonly ResourceType[]): readonly Resource[] {
    const only = this.#again?.only;
    const selection = only === undefined ? selectionOf(this.#flags, this.invocation.settings) : {};
    const { resources, warnings } = selectResources(this.project, { ...selection, resourceTypes: types });
    for (const warning of warnings) {
      this.console.line(warning, { name: 'NoNodesForSelectionCriteria', code: 'M030', level: 'warn' });
    }
    const taken = only === undefined ? resources : resources.filter(({ uniqueId }) => only.has(uniqueId));
    // else they are said where the warehouse is opened
    if (taken.length === 0 && !this.selects)
      for (const warning of this.project.warnings) this.invocation.output.notice(warning);
    return taken;
  }

  /** Whether anything is said about what to take: else that is for the holder of the warehouse to say. */
  get selects(): boolean {
    if (this.#again !== null || selects(selectionOf(this.#flags, this.invocation.settings))) return true;
    return this.project.selectors.some((selector) => selector.default);
  }

  /** Whether a data test that warns fails. */
  get warnError(): boolean {
    return isError('LogTestResult', this.#flags);
  }

  /** What hooks see of the command. */
  get facts(): RunFacts {
    return { ...INVOCATION, which: this.name, flags: this.#args() };
  }

  /** Prints the end, writes compiled SQL and `run_results.json`, and sets the exit code. */
  end(done: NodesDone): void {
    const target = this.#target();
    if (done.results.length === 0 && !done.interrupted) {
      const nothing = 'Nothing to do. Try checking your model configs and model specification args';
      if (isError('NothingToDo', this.#flags)) throw new LensError('USAGE', nothing);
      this.console.line(nothing, {
        name: 'NothingToDo',
        code: 'Z045',
        level: 'warn',
      });
    } else {
      const code = printEnding(this.console, {
        ...done,
        compiledIn: target === null ? null : `${target.shown}/compiled`,
      });
      if (code !== 0) process.exitCode = code;
    }
    this.write(done);
  }

  #target(): TargetFolder | null {
    const { writeJson, targetPath } = this.#flags;
    return writeJson ? new TargetFolder(this.invocation.settings.projectDir, targetPath) : null;
  }

  /** Writes compiled SQL and artifacts, unless told not to. */
  write({ results, milliseconds }: Pick<NodesDone, 'results' | 'milliseconds'>): void {
    const target = this.#target();
    if (target === null) return;
    const files = new Map<string, string>();
    for (const { compiledCode, compiledPath } of results) {
      if (compiledCode !== null && compiledCode !== '' && compiledPath !== null)
        files.set(`compiled/${compiledPath}`, compiledCode);
    }
    const compiled = new Map(
      results.flatMap(({ uniqueId, compiledCode }) =>
        compiledCode === null ? [] : [[uniqueId, compiledCode] as const],
      ),
    );
    files.set('manifest.json', JSON.stringify(manifestJson(this.project, compiled)));
    files.set('run_results.json', runResultsJson({ results, milliseconds, args: this.#args() }));
    for (const [name, text] of files) {
      const problem = target.write(name, text);
      if (problem !== null) return this.invocation.output.notice(problem);
    }
  }

  /** The flags by dbt's names. */
  #args(): Readonly<Record<string, unknown>> {
    const { settings } = this.invocation;
    const given = Object.entries(this.#flags).map(([key, value]) => [snake(key), value as unknown]);
    return {
      select: [],
      exclude: [],
      ...Object.fromEntries(given),
      which: this.name,
      project_dir: settings.projectDir,
      target: settings.target.name,
      vars: settings.vars,
      invocation_command: `lens ${process.argv.slice(2).join(' ')}`,
    };
  }
}

function snake(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The names of models or seeds that are selected: of several with one name in dbt each has another one here. */
export function namesOf(
  all: readonly { readonly uniqueId: string; readonly name: string }[],
  selected: readonly Resource[],
): string[] {
  const ids = new Set(selected.map(({ uniqueId }) => uniqueId));
  return all.filter(({ uniqueId }) => ids.has(uniqueId)).map(({ name }) => name);
}
