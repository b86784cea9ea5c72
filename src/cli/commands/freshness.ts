import path from 'node:path';
import { Command } from 'commander';
import { Freshness } from '../../materializer/status/freshness.ts';
import { RecordTimes } from '../../materializer/status/record-times.ts';
import { selectResources } from '../../project/select-resources.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { openLog } from '../../service/open-log.ts';
import { openCatalog, openProject } from '../../service/open-project.ts';
import { noticePrinter } from '../event-printer.ts';
import { printFreshness, printFreshnessEnd } from '../freshness-lines.ts';
import { invocationOf } from '../invocation.ts';
import { NodeConsole } from '../node-console.ts';
import { selectionOf, withSelectionFlags, type SelectionFlags } from '../selection-flags.ts';
import { sourcesJson } from '../sources-file.ts';
import { TargetFolder } from '../target-folder.ts';

interface FreshnessFlags extends SelectionFlags {
  readonly output?: string;
  readonly targetPath?: string;
  readonly writeJson: boolean;
}

/** `lens freshness`: exit 1 when a source or model is older than its `error_after`, or its age cannot be told. */
export function freshnessCommand(): Command {
  return freshness('lens freshness');
}

/** `lens source freshness`, dbt's name of it. */
export function sourceCommand(): Command {
  return new Command('source')
    .description("dbt's name of lens freshness")
    .addCommand(freshness('lens source freshness'));
}

function freshness(name: string): Command {
  return withSelectionFlags(new Command('freshness'), 'models')
    .description(
      'how old the newest rows of sources are, and how far models are behind, against their freshness config',
    )
    .option('-o, --output <file>', 'where sources.json goes, relative to the project; the target folder without it')
    .option('--target-path <dir>', "where artifacts go; the project's target-path without it")
    .option('--no-write-json', 'write no artifacts')
    .addHelpText('after', `\nExamples:\n  $ ${name}\n  $ ${name} --select source:web`)
    .action(async (flags: FreshnessFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const console = new NodeConsole(output.timed());
      const project = await openProject(settings);
      const catalog = openCatalog(settings);
      const { resources, warnings } = selectResources(project, {
        ...selectionOf(flags, settings),
        resourceTypes: ['source', 'model'],
      });
      for (const warning of warnings)
        console.line(warning, { name: 'NoNodesForSelectionCriteria', code: 'M030', level: 'warn' });
      const chosen = new Set(resources.map(({ uniqueId }) => uniqueId));
      const started = performance.now();
      await using log = openLog(settings, 'read');
      const topics = catalog.contracts.map((contract) => contract.name);
      let asked: Promise<RecordTimes> | undefined;
      const times = (): Promise<RecordTimes> => (asked ??= RecordTimes.of(log, topics));
      const results = await withWarehouseReads(settings, noticePrinter(output), async (operations) => {
        const query = async (sql: string): Promise<(readonly unknown[])[]> => {
          const rows: (readonly unknown[])[] = [];
          await operations.streamQuery(
            sql,
            { maxRows: 1_000_000 },
            { columns: () => {}, rows: (piece) => void rows.push(...piece) },
          );
          return rows;
        };
        return printFreshness(console, new Freshness({ project, catalog, query, times }).checks(chosen));
      });
      const milliseconds = performance.now() - started;
      printFreshnessEnd(console, results, milliseconds);
      if (results.some(({ status }) => status === 'error' || status === 'runtime error')) process.exitCode = 1;
      if (!flags.writeJson) return;
      const target = new TargetFolder(settings.projectDir, flags.targetPath);
      const file = flags.output === undefined ? 'sources.json' : path.resolve(settings.projectDir, flags.output);
      const problem = target.write(
        path.relative(target.dir, path.resolve(target.dir, file)),
        sourcesJson(results, milliseconds),
      );
      if (problem !== null) output.notice(problem);
    });
}
