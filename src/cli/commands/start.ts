import { Command } from 'commander';
import { createLogger } from '../../core/logger.ts';
import type { MaterializerEvent } from '../../materializer/events.ts';
import { runService } from '../../service/service.ts';
import { eventLine } from '../event-line.ts';
import { interruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';

/** `lens start`: the service on any project folder. */
export function startCommand(): Command {
  return new Command('start')
    .description(
      'the service: keep every model current until SIGTERM or Ctrl-C, and answer the other commands meanwhile',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens start --project-dir my-project --brokers 127.0.0.1:9092\n  $ lens start --log-format json',
    )
    .action(async (_options: unknown, command: Command) => {
      const { settings } = invocationOf(command);
      const signal = interruption();
      const logger = createLogger(settings);
      const onEvent = (event: MaterializerEvent): void => {
        const { kind, ...rest } = event;
        logger[levelOf(event)]({ event: kind, ...rest }, eventLine(event));
      };
      await runService(
        {
          settings,
          onEvent,
          onReady: ({ project, log }, port) => {
            const fields = { event: 'ready', project: project.name, log: log.description, port, pid: process.pid };
            logger.info(
              fields,
              `keeping ${project.name} current from ${log.description}; commands are answered on port ${port}`,
            );
          },
        },
        signal,
      );
      logger.info({ event: 'stopped' }, 'stopped at a commit');
    });
}

function levelOf(event: MaterializerEvent): 'debug' | 'info' | 'warn' | 'error' {
  if (event.kind === 'progress') return 'debug';
  if (event.kind === 'model-failed') return 'error';
  if (event.kind === 'compaction' && event.failed.length > 0) return 'error';
  return event.kind === 'notice' && event.severity === 'warning' ? 'warn' : 'info';
}
