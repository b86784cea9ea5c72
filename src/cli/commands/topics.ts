import { Command } from 'commander';
import type { EventLog } from '../../log/event-log.ts';
import { openCatalog, openLog } from '../../service/runtime.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { applyTopics, checkTopics, type TopicDifference } from '../../topics/manage-topics.ts';
import { invocationOf, type Invocation } from '../invocation.ts';
import { counted } from '../numbers.ts';

/** `lens topics apply|check`. */
export function topicsCommand(): Command {
  const topics = new Command('topics').description(
    "compare the log's topics with the contracts in topics/, or make them so",
  );
  topics
    .command('apply')
    .description('create missing topics, change settings that differ, add partitions')
    .addHelpText('after', '\nExamples:\n  $ lens topics apply --brokers 127.0.0.1:9092')
    .action(async (_options: unknown, command: Command) => {
      const invocation = invocationOf(command);
      const done = await onLog(invocation, applyTopics);
      for (const one of done) invocation.output.line(differenceLine('applied', one), { event: 'applied', ...one });
      if (done.length === 0) invocation.output.line('all topics are as their contracts say', { event: 'unchanged' });
    });
  topics
    .command('check')
    .description('exit 1 when a topic is missing or differs from its contract')
    .addHelpText('after', '\nExamples:\n  $ lens topics check')
    .action(async (_options: unknown, command: Command) => {
      const invocation = invocationOf(command);
      const found = await onLog(invocation, checkTopics);
      for (const one of found) invocation.output.line(differenceLine('differs', one), { event: 'differs', ...one });
      if (found.length > 0) {
        invocation.output.notice(
          `${counted(found.length, 'difference')}; lens topics apply makes the topics as their contracts say`,
        );
        process.exitCode = 1;
      } else invocation.output.line('all topics are as their contracts say', { event: 'unchanged' });
    });
  return topics;
}

function differenceLine(verb: string, { topic, kind, problem }: TopicDifference): string {
  return `${topic}: ${verb} ${kind}: ${problem}`;
}

async function onLog(
  { settings }: Invocation,
  work: (log: EventLog, catalog: TopicCatalog) => Promise<TopicDifference[]>,
): Promise<TopicDifference[]> {
  const catalog = openCatalog(settings);
  await using log = openLog(settings);
  return await work(log, catalog);
}
