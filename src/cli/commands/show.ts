import { Command, InvalidArgumentError, Option } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { Project } from '../../project/project-contract.ts';
import { selectResources } from '../../project/select-resources.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { inlineQuery } from '../../service/inline-query.ts';
import { nodeSql } from '../../service/node-sql.ts';
import { presentProject } from '../../service/present-project.ts';
import type { ResultColumn } from '../../warehouse/read-only-query.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf, type Invocation } from '../invocation.ts';
import type { Output } from '../output.ts';
import { previewText } from '../preview-text.ts';
import { showJson } from '../show-json.ts';
import { selectionOf, selects, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';

interface ShowFlags extends SelectionFlags {
  readonly inline?: string;
  readonly limit: number;
  readonly output: 'text' | 'json';
}

/** A query to preview; `name` is null for one that is no node. */
interface Shown {
  readonly name: string | null;
  readonly sql: string;
}

/** `lens show`: rows of models and analyses as their SELECTs give them over what is stored, or of an inline query. */
export function showCommand(): Command {
  return withSelectionFlags(new Command('show'), 'resources')
    .description('print some rows of a model, an analysis, a data test, or an inline query with ref() and source()')
    .option('--inline <sql>', 'a SELECT in the language of models, instead of a selection')
    .option('--limit <rows>', 'at most so many rows, -1 for all', rowLimit, 5)
    .addOption(new Option('--output <format>', 'how rows are printed').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  $ lens show --select fct_sessions
  $ lens show --inline "select * from {{ ref('dim_users') }} where user_tier = 'pro'" --limit 3 --output json`,
    )
    .action(async (flags: ShowFlags, command: Command) => {
      const invocation = invocationOf(command);
      const { settings, output } = invocation;
      const project = await presentProject(settings, noticePrinter(output));
      const shown =
        flags.inline === undefined
          ? await shownOf(project, flags, invocation)
          : [{ name: null, sql: await inlineQuery(settings, project, flags.inline, noticePrinter(output)) }];
      await withWarehouseReads(settings, noticePrinter(output), async (operations) => {
        for (const { name, sql } of shown) {
          const columns: ResultColumn[] = [];
          const rows: (readonly unknown[])[] = [];
          const maxRows = flags.limit < 0 ? Number.MAX_SAFE_INTEGER : flags.limit;
          await operations.streamQuery(
            sql,
            { maxRows },
            {
              columns: (all) => void columns.push(...all),
              rows: (piece) => void rows.push(...piece),
            },
          );
          output.result(flags.output === 'json' ? showJson(name, columns, rows) : text(name, columns, rows, output));
        }
      });
    });
}

async function shownOf(project: Project, flags: ShowFlags, { settings, output }: Invocation): Promise<Shown[]> {
  const selection = selectionOf(flags, { projectDir: project.dir });
  if (!selects(selection)) {
    throw new LensError('USAGE', 'either --select or --inline must be passed to show', {
      hint: 'lens show --select MODEL',
    });
  }
  const { resources, warnings } = selectResources(project, {
    ...selection,
    resourceTypes: ['model', 'analysis', 'test'],
  });
  for (const warning of warnings) output.notice(warning);
  const models = resources.filter(({ resourceType }) => resourceType !== 'test');
  // Tests follow from what is selected: they are meant where there is nothing else.
  const nodes = models.length > 0 ? models : resources;
  if (nodes.length === 0) output.notice('Nothing to do. Try checking your model configs and model specification args');
  const words = (selection.select ?? []).join(' ');
  const named = nodes.filter(({ name }) => words.includes(name));
  const shown: Shown[] = [];
  for (const resource of named.length > 0 ? named : nodes) {
    shown.push({ name: resource.name, sql: await nodeSql(settings, project, resource, noticePrinter(output)) });
  }
  return shown;
}

function text(
  name: string | null,
  columns: readonly ResultColumn[],
  rows: readonly (readonly unknown[])[],
  output: Output,
): string {
  const preview = `${previewText(columns, rows)}\n`;
  if (output.quiet) return preview;
  return `${name === null ? 'Previewing inline node:' : `Previewing node '${name}':`}\n${preview}`;
}

function rowLimit(given: string): number {
  const limit = /^(-\d+|[1-9]\d*)$/.test(given) ? Number(given) : Number.NaN;
  if (!Number.isSafeInteger(limit))
    throw new InvalidArgumentError('a whole number above 0 is needed, or -1 for all rows');
  return limit;
}
