import { Argument, Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import { ingestEnrichments } from '../../ingest/enrichments/ingest-enrichments.ts';
import type { IngestContext, IngestSummary } from '../../ingest/ingest-contract.ts';
import { ingestGenerations } from '../../ingest/ingest-generations.ts';
import { ingestPrompts } from '../../ingest/ingest-prompts.ts';
import { ingestUsers } from '../../ingest/ingest-users.ts';
import { openLog } from '../../service/open-log.ts';
import { openCatalog } from '../../service/open-project.ts';
import { createMissingTopics } from '../../topics/create-missing-topics.ts';
import { ingestLine } from '../ingest-line.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import { positiveNumber, wholeNumber } from '../number-arguments.ts';
import { Progress } from '../progress.ts';
import { requireTopics } from '../required-topics.ts';

const SEED = ['--seed <n>', 'the same seed gives the same records', wholeNumber(0), 42] as const;
const KINDS = ['llm', 'embeddings', 'images'] as const;

/** `lens ingest prompts|users|generations|enrichments`: publishes to topics, never writes a table. */
export function ingestCommand(): Command {
  const ingest = new Command('ingest').description(
    'publish prompts, users, generations or enrichments to their topics',
  );
  ingest.addCommand(prompts());
  ingest.addCommand(users());
  ingest.addCommand(generations());
  ingest.addCommand(enrichments());
  return ingest;
}

function prompts(): Command {
  return new Command('prompts')
    .description("DiffusionDB's prompts, or synthetic ones")
    .option('--from <path or url>', 'metadata.parquet, a part file (JSON), or a folder of part files')
    .option('--limit <n>', 'with --from: a sample of so many, by hash of image_name and seed', wholeNumber(1))
    .option('--count <n>', 'without --from: how many synthetic prompts (default 10,000)', wholeNumber(1))
    .option(...SEED)
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens ingest prompts --count 1000\n  $ lens ingest prompts --from metadata.parquet --limit 10000',
    )
    .action(async (options: { from?: string; limit?: number; count?: number; seed: number }, command: Command) => {
      refuse(
        command,
        options.from === undefined && options.limit !== undefined,
        '--limit samples a file: give --from, or --count',
      );
      refuse(
        command,
        options.from !== undefined && options.count !== undefined,
        '--count is for synthetic prompts: use --limit',
      );
      await ingesting(command, ['prompts'], (ctx) => ingestPrompts(ctx, options));
    });
}

function users(): Command {
  return new Command('users')
    .description('synthetic users')
    .option('--count <n>', 'how many', wholeNumber(1), 500)
    .option(...SEED)
    .addHelpText('after', '\nExamples:\n  $ lens ingest users --count 2000')
    .action(async (options: { count: number; seed: number }, command: Command) => {
      await ingesting(command, ['users'], (ctx) => ingestUsers(ctx, options));
    });
}

interface GenerationFlags {
  readonly count?: number;
  readonly seed: number;
  readonly rate?: number;
  readonly follow?: boolean;
  readonly days?: number;
}

function generations(): Command {
  return new Command('generations')
    .description('simulated generations of the users by the prompts in the topics; carries on where the topic ends')
    .option('--count <n>', 'how many (default 30,000; with --follow without end)', wholeNumber(1))
    .option(...SEED)
    .option('--rate <per second>', 'live: so many a second by the clock', positiveNumber)
    .option('--follow', 'live: go on until Ctrl-C (1 a second unless --rate)')
    .option('--days <n>', 'days the history spans', wholeNumber(1))
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens ingest generations --count 100000\n  $ lens ingest generations --follow --rate 50',
    )
    .action(async (options: GenerationFlags, command: Command) => {
      await ingesting(
        command,
        ['prompts', 'users', 'generations'],
        (ctx) => ingestGenerations(ctx, options),
        options.follow === true,
      );
    });
}

function enrichments(): Command {
  return new Command('enrichments')
    .description('labels, vectors or image files for prompts that have none, by offline providers')
    .addArgument(new Argument('<kind>', 'what').choices(KINDS))
    .option('--folder <dir>', 'images: folder of files named as image_name')
    .option('--limit <n>', 'at most so many prompts', wholeNumber(1))
    .option('--force', 'prompts that have it already too')
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens ingest enrichments llm\n  $ lens ingest enrichments images --folder images/',
    )
    .action(
      async (
        kind: (typeof KINDS)[number],
        options: { folder?: string; limit?: number; force?: boolean },
        command: Command,
      ) => {
        refuse(command, kind === 'images' && options.folder === undefined, 'images needs --folder');
        refuse(command, kind !== 'images' && options.folder !== undefined, `--folder is for images, not for ${kind}`);
        await ingesting(command, ['prompts', 'prompt_enrichments'], (ctx) => ingestEnrichments(ctx, kind, options));
      },
    );
}

function refuse(command: Command, wrong: boolean, message: string): void {
  if (wrong) throw new LensError('USAGE', message, { hint: `lens ingest ${command.name()} --help` });
}

/** Runs one script; an interrupted one flushes and says so, which is a failure unless it would never have ended. */
async function ingesting(
  command: Command,
  topics: readonly string[],
  script: (ctx: IngestContext) => Promise<IngestSummary>,
  endless = false,
): Promise<void> {
  const { settings, output } = invocationOf(command);
  const catalog = openCatalog(settings);
  requireTopics(catalog, topics, `lens ingest ${command.name()}`);
  await using log = openLog(settings);
  const signal = interruption();
  const created = await createMissingTopics(log, catalog);
  if (created.length > 0) output.notice(`created topics ${created.join(', ')}`);
  using progress = new Progress(output);
  const summary = await script({ log, catalog, signal, onProgress: progress.update.bind(progress) });
  progress.clear();
  output.line(ingestLine(summary), { event: 'ingested', ...summary });
  if (summary.stopped && !endless) reportInterruption(output, 'what is published stays');
}
