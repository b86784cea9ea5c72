import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** A program beside this file. */
export function script(name: string): string {
  return path.join(import.meta.dirname, name);
}

/** Runs a program to its end, with DuckDB's calls on threads enough, and gives its standard output. Throws when it fails. */
export function run(program: string, args: readonly string[]): string {
  const env = { ...process.env, UV_THREADPOOL_SIZE: '12' };
  const done = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env });
  if (done.status !== 0)
    throw new Error(`${path.basename(args[0] ?? program)} failed with status ${done.status}\n${done.stdout}`);
  return done.stdout;
}
