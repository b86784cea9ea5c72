import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Gives the whole run, and whatever it starts, one temporary folder, which is removed at its end: also what a process that was killed, or a test
 * that failed, has left.
 */
export default function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'lens-tests-'));
  process.env['TMPDIR'] = folder;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return remove;
}
