import { Command } from 'commander';
import type { InitOutcome } from '../../service/draft-parts.ts';
import { initTopics } from '../../service/init-topics.ts';
import { hasLog, openLog } from '../../service/open-log.ts';
import { openCatalog, openProject } from '../../service/open-project.ts';
import { contractFiles, writeFiles } from '../../topics/init-contract.ts';
import { TableFiles } from '../../warehouse/table-files.ts';
import { invocationOf } from '../invocation.ts';
import { wholeNumber } from '../number-arguments.ts';

interface InitFlags {
  readonly from?: string;
  readonly fromCsv?: boolean;
  readonly fromTopic?: string;
  readonly fromRegistry?: boolean;
  readonly key?: string;
  readonly samples: number;
  readonly dryRun?: boolean;
}

/** `lens topics init`: exit 1 when a table got no contract. */
export function initCommand(): Command {
  return new Command('init')
    .description('write contracts for source tables and seeds that have no topic; never changes one that is there')
    .argument('[tables...]', 'source tables or seeds; all sources without a topic when there are none')
    .option('--from <place>', 'look at tables in a DuckDB file, a CSV, Parquet or JSON file, or a folder of such files')
    .option('--from-csv', 'also seeds, by their files')
    .option('--from-topic <topic>', 'the topic of the one table named, where it is not called like it')
    .option('--from-registry', "by the registry's newest schema alone, without looking at records")
    .option('--key <columns>', 'the columns of the key, separated by commas')
    .option('--samples <records>', 'look at so many records of a topic', wholeNumber(1), 1000)
    .option('--dry-run', 'print the files')
    .addHelpText(
      'after',
      `
With --from, columns, types and a likely key are those of the table that is called like the source's (or of the file, for one source).
Otherwise a topic that is in the log is looked at: JSON gives its fields, types, nulls and key, Avro its schema by the registry. else
the registry's subject TOPIC-value, or the columns of the yml file, or of a seed's CSV. What could not be inferred is a comment
in the file and a line here.

Examples:
  $ lens topics init
  $ lens topics init --from dev.duckdb
  $ lens topics init raw_orders --from data/orders.csv
  $ lens topics init raw_orders --from-topic shop.orders --dry-run
  $ lens topics init countries --key code`,
    )
    .action(async (names: string[], flags: InitFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const catalog = openCatalog(settings);
      const project = await openProject(settings);
      await using log = hasLog(settings) ? openLog(settings, 'read') : null;
      const { fromCsv = false, fromTopic, fromRegistry = false, samples, dryRun } = flags;
      await using files = flags.from === undefined ? null : await TableFiles.open(flags.from);
      const key = flags.key?.split(',').map((name) => name.trim());
      const asked = { settings, project, catalog, log, names, files, fromCsv, fromTopic, fromRegistry, key, samples };
      const outcomes = await initTopics(asked);
      const drafts = outcomes.flatMap((one) => ('draft' in one ? [one.draft] : []));
      const written = contractFiles(settings.projectDir, drafts);
      if (dryRun === true) for (const [name, text] of written) output.result(`# ${name}\n${text}`);
      else {
        writeFiles(settings.projectDir, written);
        for (const name of written.keys()) output.line(`wrote ${name}`, { event: 'wrote', file: name });
      }
      for (const outcome of outcomes) report(outcome, output);
      if (files !== null && drafts.length > 0) {
        // a CSV, Parquet or JSON file has no name of a table
        const topic = files.isOneTable ? `${drafts[0]?.topic} ` : '';
        const hint = `lens produce ${topic}--from ${files.place}`;
        output.notice(`the rows there are not in the topics yet: ${hint}`, { event: 'to be published', hint });
      }
      if (outcomes.length === 0) output.line('every source table has its topic', { event: 'unchanged' });
    });
}

function report(outcome: InitOutcome, output: ReturnType<typeof invocationOf>['output']): void {
  const { table } = outcome;
  if ('problem' in outcome) {
    const { problem, hint } = outcome;
    output.failure(`${table}: ${problem}\n  hint: ${hint}`, { event: 'not written', table, problem, hint });
    return;
  }
  for (const text of [...outcome.draft.doubts, ...outcome.notes]) {
    output.notice(`${table}: ${text}`, { event: 'to be looked at', table, message: text });
  }
}
