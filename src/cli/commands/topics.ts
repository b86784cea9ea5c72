import { Command } from 'commander';
import type { Settings } from '../../core/settings.ts';
import { readProjectFile } from '../../project/project-file.ts';
import { hasLog, openLog } from '../../service/open-log.ts';
import { openCatalog } from '../../service/open-project.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { applyTopics, checkTopics, remedyOf, type TopicDifference } from '../../topics/manage-topics.ts';
import { initCommand } from './topics-init.ts';
import { invocationOf } from '../invocation.ts';

/** `lens topics apply|check|init`. */
export function topicsCommand(): Command {
  const topics = new Command('topics').description(
    "write contracts of topics, compare the log's topics with them, or make them so",
  );
  topics
    .command('apply')
    .description('create missing topics and change settings that differ; exit 1 when partitions differ')
    .addHelpText('after', '\nExamples:\n  $ lens topics apply --brokers 127.0.0.1:9092')
    .action(async (_options: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const catalog = contractsOf(settings);
      if (catalog.contracts.length === 0) return output.line(...NO_TOPICS);
      await using log = openLog(settings);
      const done = await applyTopics(log, catalog);
      for (const one of done) {
        if (one.kind === 'partitions') output.failure(...difference(one));
        else output.line(differenceLine('applied', one), { event: 'applied', ...one });
      }
      if (done.length === 0) output.line('all topics are as their contracts say', { event: 'unchanged' });
    });
  topics
    .command('check')
    .description('exit 1 when a topic is missing or differs from its contract')
    .addHelpText('after', '\nExamples:\n  $ lens topics check')
    .action(async (_options: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const catalog = contractsOf(settings);
      if (catalog.contracts.length === 0) return output.line(...NO_TOPICS);
      await using log = hasLog(settings) ? openLog(settings, 'read') : null;
      const found = await checkTopics(log ?? EMPTY_LOG, catalog);
      for (const one of found) output.line(...difference(one));
      if (found.length > 0) process.exitCode = 1;
      else output.line('all topics are as their contracts say', { event: 'unchanged' });
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

const NO_TOPICS: [string, Record<string, unknown>] = ['the project has no topics', { event: 'unchanged' }];

/** The embedded log of a data folder where nothing was published yet: to look at it makes none. */
const EMPTY_LOG = { topics: async () => new Map<string, never>() };

/** PROJECT_NOT_FOUND where there are neither contracts nor a project that could do without. */
function contractsOf(settings: Settings): TopicCatalog {
  const catalog = openCatalog(settings);
  if (catalog.contracts.length === 0) readProjectFile(settings.projectDir);
  return catalog;
}
