import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** One command for the host. */
export interface HostedCall {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string;
}

/** How it ended, and what it printed. */
export interface HostedEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A process that has the whole program in memory and runs one command after another: to start `lens` takes longer than most commands do.
 * Each command parses its arguments, reads its settings and opens its files anew, as in a process of its own.
 */
export class LensHost {
  #child: ChildProcess | null = null;
  #busy = false;

  get busy(): boolean {
    return this.#busy;
  }

  /** Fails when the program ends or breaks down in place of returning. */
  async run(call: HostedCall): Promise<HostedEnd> {
    this.#busy = true;
    const over = new AbortController();
    const child = (this.#child ??= start());
    try {
      const [, answered] = [child.send(call), once(child, 'message', over)];
      const ended = once(child, 'exit', over).then(([code]) => {
        this.#child = null;
        throw new Error(`the program ended with ${String(code)} during lens ${call.args.join(' ')}`);
      });
      const [end] = (await Promise.race([answered, ended])) as [HostedEnd];
      return end;
    } finally {
      over.abort();
      this.#busy = false;
    }
  }
}

function start(): ChildProcess {
  const program = fileURLToPath(new URL('lens-hosted.ts', import.meta.url));
  const child = fork(program, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  // It ends when its channel does, and keeps nobody waiting.
  child.unref();
  return child;
}
