import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Gives the whole run, and whatever it starts, one temporary folder, which is removed at its end: also what a process that was killed, or a test
 * that failed, has left; and when the run itself is interrupted.
 */
export default function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'lens-test-run-'));
  process.env['TMPDIR'] = folder;
  process.once('exit', () => {
    // Interrupted: the tests' processes end a moment after this one, and still write.
    if (existsSync(folder)) spawn('sh', ['-c', 'sleep 5; rm -rf "$0"', folder], { detached: true, stdio: 'ignore' });
  });
  // A signal ends the process without that event; brokers wait for it, too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
