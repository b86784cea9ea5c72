import type { Output } from './output.ts';

/** What every interrupted command says; its exit code is 1, since the work is not done. */
export function reportInterruption(output: Output, stands: string): void {
  output.failure(`interrupted before its end: ${stands}`, { event: 'interrupted', message: stands });
}

/** Two signals within this time are one: a terminal's Ctrl-C reaches the launcher (bin/lens.mjs) and us. */
const SAME_MS = 1000;

/**
 * A signal that is aborted by the first SIGINT, SIGTERM or SIGHUP, so that the work ends at a commit. A second one,
 * later than a second, ends the process at once with 130 (the last commit stands).
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort();
    } else if (performance.now() - first > SAME_MS) process.exit(130);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
}
