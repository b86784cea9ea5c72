import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { ingestSample } from '../../ingest/ingest-sample.ts';
import { liveGenerations } from '../../ingest/live-generations.ts';
import type { WarehouseOperations } from '../../materializer/operations.ts';
import { withWarehouse } from '../../service/hold-warehouse.ts';
import { openLog } from '../../service/open-log.ts';
import { openCatalog, openProject } from '../../service/open-project.ts';
import type { Runtime } from '../../service/runtime.ts';
import { runService } from '../../service/service.ts';
import { applyTopics } from '../../topics/manage-topics.ts';
import { eventPrinter } from '../event-printer.ts';
import { failedOf, reportFailedModels } from '../failed-models.ts';
import { ingestLine } from '../ingest-line.ts';
import { interruption, reportInterruption } from '../interruption.ts';
import { invocationOf, type Invocation } from '../invocation.ts';
import { Progress } from '../progress.ts';
import { requireTopics } from '../required-topics.ts';
import { tablesSummary } from '../tables-summary.ts';
import { positiveNumber, wholeNumber } from '../number-arguments.ts';

interface DemoFlags {
  readonly prompts: number;
  readonly users: number;
  readonly generations: number;
  readonly seed: number;
  readonly rate: number;
  readonly once?: boolean;
}

/** `lens demo`, which is `npm start`. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'the shipped project: topics, a seeded sample, every model kept current, then live generations until Ctrl-C',
    )
    .option('--prompts <n>', 'prompts of the sample', wholeNumber(1), 10_000)
    .option('--users <n>', 'users of the sample', wholeNumber(1), 500)
    .option('--generations <n>', 'generations of the sample', wholeNumber(1), 30_000)
    .option('--seed <n>', 'the same seed gives the same sample', wholeNumber(0), 42)
    .option('--rate <per second>', 'live generations per second', positiveNumber, 2)
    .option('--once', 'catch up, compact, print the summary and exit')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npm start\n  $ npm start -- --once\n  $ KAFKA_BROKERS=127.0.0.1:9092 npm start -- --generations 100000',
    )
    .action(async (flags: DemoFlags, command: Command) => {
      const invocation = invocationOf(command);
      const signal = interruption();
      if (!(await prepare(invocation, flags, signal))) {
        reportInterruption(invocation.output, 'what is published stays, and the next start goes on from there');
      } else if (flags.once === true) await once(invocation, signal);
      else await live(invocation, flags, signal);
    });
}

/** Topics and the sample; false when it was interrupted. */
async function prepare({ settings, output }: Invocation, flags: DemoFlags, signal: AbortSignal): Promise<boolean> {
  await openProject(settings);
  const catalog = openCatalog(settings);
  requireTopics(catalog, ['prompts', 'users', 'generations', 'prompt_enrichments'], 'lens demo');
  await using log = openLog(settings);
  output.line(`${settings.projectDir}: ${log.description}`, { event: 'log', log: log.description });
  for (const { topic, kind, problem } of await applyTopics(log, catalog)) {
    output.line(`topic ${topic}: ${problem}`, { event: 'topic', topic, kind, problem });
  }
  using progress = new Progress(output);
  const onProgress = progress.update.bind(progress);
  const { prompts, users, generations, seed } = flags;
  const summaries = await ingestSample({ log, catalog, signal, onProgress }, { prompts, users, generations, seed });
  progress.clear();
  for (const summary of summaries) output.line(ingestLine(summary), { event: 'ingested', ...summary });
  return !signal.aborted;
}

async function once({ settings, output }: Invocation, signal: AbortSignal): Promise<void> {
  using progress = new Progress(output);
  const onEvent = eventPrinter(output, progress, 'at the end');
  await withWarehouse(settings, { onEvent, create: true }, async (operations) => {
    const { interrupted, models } = await operations.run({ signal });
    if (interrupted) {
      reportInterruption(output, 'the warehouse stands at its last commit, and the next start goes on from there');
      return;
    }
    reportFailedModels(output, failedOf(models));
    await printSummary(operations, { settings, output });
  });
}

async function live(invocation: Invocation, flags: DemoFlags, signal: AbortSignal): Promise<void> {
  const { settings, output } = invocation;
  using progress = new Progress(output);
  const beside = async (runtime: Runtime, signal: AbortSignal): Promise<void> => {
    if (!(await caughtUp(runtime.materializer, signal))) return;
    await runtime.materializer.compact({ full: false });
    await printSummary(runtime.materializer, invocation);
    output.line(`live: ${flags.rate} generations a second; Ctrl-C stops`, { event: 'live', rate: flags.rate });
    const { log, catalog } = runtime;
    await liveGenerations({ log, catalog, signal }, { rate: flags.rate, seed: flags.seed });
  };
  const onEnd = ({ materializer }: Runtime): Promise<void> => printSummary(materializer, invocation);
  await runService({ settings, onEvent: eventPrinter(output, progress), beside, onEnd }, signal);
}

/** Waits until nothing is left to apply; false when aborted before. */
async function caughtUp(operations: WarehouseOperations, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const rows = await operations.lag();
    if (rows.every(({ lag }) => lag === 0)) return true;
    await sleep(100, undefined, { signal }).catch(() => {});
  }
  return false;
}

async function printSummary(operations: WarehouseOperations, { output }: Invocation): Promise<void> {
  const status = await operations.status();
  const { rawTables, models } = status;
  output.line(`\n${tablesSummary(status)}\n`, { event: 'summary', rawTables, models });
}
