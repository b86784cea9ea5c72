import { Command, Option } from 'commander';
import { LensError } from '../../core/errors.ts';
import { compiledPath } from '../../project/artifacts/manifest-nodes.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Resource } from '../../project/resource-graph.ts';
import { inlineQuery } from '../../service/inline-query.ts';
import { nodeSql } from '../../service/node-sql.ts';
import { presentProject } from '../../service/present-project.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf, type Invocation } from '../invocation.ts';
import { manifestJson } from '../manifest-file.ts';
import { counted } from '../numbers.ts';
import { selectedResources, selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { addWarnFlags, openStrictProject } from '../warn-errors.ts';
import { TargetFolder } from '../target-folder.ts';

interface CompileFlags extends SelectionFlags {
  readonly inline?: string;
  readonly output: 'text' | 'json';
  readonly writeJson: boolean;
}

interface Compiled {
  readonly resource: Resource;
  readonly sql: string;
}

const EXAMPLES = [
  'lens compile fct_sessions',
  'lens compile --select +fct_sessions',
  `lens compile --inline "select count(*) from {{ ref('fct_sessions') }}"`,
];

/** `lens compile [MODEL...]`: needs neither log nor warehouse. */
export function compileCommand(): Command {
  const command = new Command('compile')
    .description(
      'write the compiled SQL of models, analyses and data tests to target/compiled; print that of models that are named',
    )
    .argument('[models...]', 'names of models to print')
    .option('--inline <sql>', 'compile and print this instead: SQL with Jinja')
    .addOption(new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text'))
    .option('--target-path <dir>', "where compiled SQL and manifest.json go; the project's target-path without it")
    .option('--no-write-json', 'write no manifest.json');
  return addWarnFlags(withSelectionFlags(command, 'resources'))
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  $ ${line}`).join('\n')}`)
    .action(async (words: string[], flags: CompileFlags, own: Command) => {
      const invocation = invocationOf(own);
      const { settings, output } = invocation;
      const project = await openStrictProject(settings, flags, (of) => presentProject(of, noticePrinter(output)));
      if (flags.inline !== undefined) {
        const sql = await inlineQuery(settings, project, flags.inline, noticePrinter(output));
        output.result(printed(null, sql.trim(), flags, output.quiet));
        return;
      }
      const names = words.map((name) => project.model(name).uniqueId);
      const selection = selectionOf(flags, settings);
      const chosen = selectedResources(project, selection, ['model', 'analysis', 'test'], output);
      const selected = names.length === 0 ? chosen : chosen.filter(({ uniqueId }) => names.includes(uniqueId));
      const waits = ({ name, resourceType }: Resource): string | undefined =>
        resourceType === 'model' ? project.waiting.get(name) : undefined;
      for (const resource of selected) {
        const why = waits(resource);
        if (why !== undefined) output.notice(`${resource.name} is not compiled yet, ${why}`);
      }
      const ready = selected.filter((resource) => waits(resource) === undefined);
      const compiled: Compiled[] = [];
      for (const resource of ready) {
        try {
          compiled.push({ resource, sql: (await nodeSql(settings, project, resource, noticePrinter(output))).trim() });
        } catch (error) {
          // nothing follows from an analysis
          if (!(error instanceof LensError) || resource.resourceType !== 'analysis') throw error;
          output.failure(
            `${error.place ?? resource.path}: the analysis ${resource.name} cannot be compiled: ${error.message}`,
            {
              event: 'not-compiled',
              node: resource.uniqueId,
            },
          );
        }
      }
      const where = write(project, compiled, flags, invocation);
      if (words.length > 0) printModels(compiled, flags, invocation);
      else if (flags.select === undefined) {
        output.line(`compiled ${counted(compiled.length, 'node')} to ${where}`, {
          event: 'compiled',
          nodes: compiled.length,
        });
      } else printSelected(compiled, flags, invocation);
    });
}

/** What is named as an argument: the SQL alone, or each model's below a line with its name. */
function printModels(compiled: readonly Compiled[], flags: CompileFlags, { output }: Invocation): void {
  for (const { resource, sql } of compiled) {
    if (flags.output === 'json') output.result(printed(resource.name, sql, flags, output.quiet));
    else output.result(compiled.length === 1 ? sql : `-- ${resource.name} (${resource.path})\n${sql};\n`);
  }
}

/** As dbt does: of what is selected, those nodes are printed that the first word names. */
function printSelected(compiled: readonly Compiled[], flags: CompileFlags, { output }: Invocation): void {
  for (const { resource, sql } of compiled) {
    if (flags.select?.[0]?.includes(resource.name)) output.result(printed(resource.name, sql, flags, output.quiet));
  }
}

/** dbt's words for compiled SQL. */
function printed(node: string | null, compiled: string, { output }: CompileFlags, quiet: boolean): string {
  if (output === 'json') return JSON.stringify(node === null ? { compiled } : { node, compiled }, null, 2);
  if (quiet) return compiled;
  return `${node === null ? 'Compiled inline node is:' : `Compiled node '${node}' is:`}\n${compiled}`;
}

/** Gives the folder of compiled SQL as dbt writes it. */
function write(project: Project, compiled: readonly Compiled[], flags: CompileFlags, { output }: Invocation): string {
  const target = new TargetFolder(project.dir, flags.targetPath);
  const files = compiled.map(({ resource, sql }) => [`compiled/${compiledPath(project, resource)}`, sql] as const);
  const bySql = new Map(compiled.map(({ resource, sql }) => [resource.uniqueId, sql]));
  const manifest = flags.writeJson ? [['manifest.json', JSON.stringify(manifestJson(project, bySql))] as const] : [];
  for (const [name, text] of [...files, ...manifest]) {
    const problem = target.write(name, text);
    if (problem !== null) {
      output.notice(problem);
      break;
    }
  }
  return `${target.shown}/compiled`;
}
