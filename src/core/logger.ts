import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/**
 * Log lines on standard error: readable text, or one JSON object a line (pino's own layout with the level's name).
 * Written synchronously, so that the last line before an exit is there.
 */
export function createLogger(options: {
  readonly logFormat: 'text' | 'json';
  readonly logLevel: string;
  readonly quiet?: boolean;
}): Logger {
  const level = options.quiet === true ? 'error' : options.logLevel;
  const base = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
  if (options.logFormat === 'json') {
    return pino({ ...base, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
  }
  return pino(
    base,
    pretty({
      destination: 2,
      sync: true,
      colorize: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
      translateTime: 'SYS:HH:MM:ss',
      hideObject: true,
      ignore: 'pid',
    }),
  );
}
