import { spawn } from 'node:child_process';
import { LensError } from '../core/errors.ts';

/** Of a DuckDB file: the main header and two headers that take turns, the newer one written by each file checkpoint. */
const HEADER_BYTES = 12_288;
/** The exit code that says that a file checkpoint was written meanwhile. */
const CHANGED = 3;
const ATTEMPTS = 5;

const COPY = `
const fs = require('node:fs');
const [, from, to] = process.argv;
const header = () => {
  const descriptor = fs.openSync(from, 'r');
  const bytes = Buffer.alloc(${HEADER_BYTES});
  fs.readSync(descriptor, bytes, 0, bytes.length, 0);
  fs.closeSync(descriptor);
  return bytes;
};
const before = header();
fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE);
process.exit(before.equals(header()) ? 0 : ${CHANGED});
`;

/**
 * Copies the file of a warehouse that is open here, as it was at its last file checkpoint: what was committed since stands in the
 * write-ahead log, and blocks that belong to a checkpoint are only used again after the next one. So commits may go on, but whoever calls
 * keeps checkpoints off; one that DuckDB writes all the same is noticed, and the copy made again. A clone, where the file system can.
 *
 * By a process of its own: a file that is opened and closed again here loses the lock that DuckDB has on it.
 */
export async function copyDatabase(from: string, to: string, signal?: AbortSignal): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { code, stderr } = await copyOnce(from, to, signal);
    signal?.throwIfAborted();
    if (code === 0) return;
    if (code !== CHANGED) {
      throw new LensError('WAREHOUSE_UNREADABLE', `the warehouse could not be copied: ${stderr.trim()}`, {
        place: from,
        hint: 'see that the disk has room for a second one',
      });
    }
  }
  throw new LensError('WAREHOUSE_UNREADABLE', 'the warehouse could not be copied: it was written all the time', {
    place: from,
    hint: 'try again when less comes in',
  });
}

function copyOnce(
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ['-e', COPY, from, to], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      signal?.removeEventListener('abort', stop);
      resolve({ code, stderr });
    });
  });
}
