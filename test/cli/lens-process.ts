import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ForkedHost } from '../forked-host.ts';
import type { HostedCall, HostedEnd } from './lens-hosted.ts';

export interface LensResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LensCall {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** No file can be written beyond it (`ulimit -f`), as on a disk that is full. */
  readonly fileKilobytes?: number;
}

/** bin/lens.mjs as its users start it. */
export const LENS = fileURLToPath(new URL('../../bin/lens.mjs', import.meta.url));

/** A running `lens`, its output so far, and its end. */
export class LensProcess {
  readonly child: ChildProcess;
  readonly result: Promise<LensResult>;
  stdout = '';
  stderr = '';
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], call: LensCall = {}) {
    const command = [process.execPath, LENS, ...args] as const;
    const [program, ...rest] =
      call.fileKilobytes === undefined
        ? command
        : (['bash', '-c', `ulimit -f ${call.fileKilobytes} && exec "$@"`, 'bash', ...command] as const);
    this.child = spawn(program, rest, {
      cwd: call.cwd,
      env: { ...cleanEnvironment(), ...call.env },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#took('stdout', chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => this.#took('stderr', chunk));
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end(call.input ?? '');
    this.result = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        for (const wake of this.#waiting) wake();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Resolves once the output matches; fails when the process ends before. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stdout + this.stderr)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(
          `lens ended with ${this.child.exitCode} before ${String(pattern)}:\n${this.stdout}${this.stderr}`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
      this.#waiting.clear();
    }
  }

  #took(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this[stream] += chunk.toString();
    for (const wake of this.#waiting) wake();
  }
}

const host = new ForkedHost<HostedCall, HostedEnd>(fileURLToPath(new URL('lens-hosted.ts', import.meta.url)));

/**
 * Runs one command of `lens` to its end: in one process with those before it, or in one of its own while another command runs and where
 * standard input is read as a file. Where signals or the end of the process are the matter, it takes a LensProcess.
 */
export async function lens(args: readonly string[], call: LensCall = {}): Promise<LensResult> {
  if (host.busy || args.includes('-')) return new LensProcess(args, call).result;
  const { cwd = process.cwd(), input = '' } = call;
  return { ...(await host.ask({ args, cwd, input, env: { ...cleanEnvironment(), ...call.env } })), signal: null };
}

/** Without what would change settings. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(LENS_|KAFKA_|SCHEMA_REGISTRY)/.test(name));
  return Object.fromEntries(kept);
}
