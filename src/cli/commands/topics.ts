import { Command } from 'commander';
import type { EventLog } from '../../log/event-log.ts';
import { openCatalog, openLog } from '../../service/runtime.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { applyTopics, checkTopics, remedyOf, type TopicDifference } from '../../topics/manage-topics.ts';
import { initCommand } from './topics-init.ts';
import { invocationOf, type Invocation } from '../invocation.ts';

/** `lens topics apply|check|init`. */
export function topicsCommand(): Command {
  const topics = new Command('topics').description(
    "compare the log's topics with the contracts in topics/, or make them so",
  );
  topics
    .command('apply')
    .description('create missing topics and change settings that differ; exit 1 when partitions differ')
    .addHelpText('after', '\nExamples:\n  $ lens topics apply --brokers 127.0.0.1:9092')
    .action(async (_options: unknown, command: Command) => {
      const invocation = invocationOf(command);
      const done = await onLog(invocation, applyTopics);
      for (const one of done) {
        if (one.kind === 'partitions') invocation.output.failure(...difference(one));
        else invocation.output.line(differenceLine('applied', one), { event: 'applied', ...one });
      }
      if (done.length === 0) invocation.output.line('all topics are as their contracts say', { event: 'unchanged' });
    });
  topics
    .command('check')
    .description('exit 1 when a topic is missing or differs from its contract')
    .addHelpText('after', '\nExamples:\n  $ lens topics check')
    .action(async (_options: unknown, command: Command) => {
      const invocation = invocationOf(command);
      const found = await onLog(invocation, checkTopics);
      for (const one of found) invocation.output.line(...difference(one));
      if (found.length > 0) process.exitCode = 1;
      else invocation.output.line('all topics are as their contracts say', { event: 'unchanged' });
    });
  topics.addCommand(initCommand());
  return topics;
}

/** A difference as it is there, with what to do about it: as text and as data. */
function difference(one: TopicDifference): [string, Record<string, unknown>] {
  const hint = remedyOf(one);
  return [`${differenceLine('differs', one)}\n  hint: ${hint}`, { event: 'differs', ...one, hint }];
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
