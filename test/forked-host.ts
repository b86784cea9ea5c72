import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * A process that has a program in memory and answers one call after another, for what takes longer to start than to do. The program answers
 * each message of its channel with one message, and ends when the channel does: when it is disposed of, or whoever has started it ends.
 */
export class ForkedHost<Call extends object, Answer> implements AsyncDisposable {
  readonly #program: string;
  #child: ChildProcess | null = null;
  #busy = false;

  /** @param program the module's file */
  constructor(program: string) {
    this.#program = program;
  }

  /** Whether a call is not answered yet: it takes one at a time. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Fails when the program ends or breaks down in place of answering. */
  async ask(call: Call): Promise<Answer> {
    this.#busy = true;
    const over = new AbortController();
    const child = (this.#child ??= this.#start());
    try {
      const answered = once(child, 'message', over);
      const ended = once(child, 'exit', over).then(([code]) => {
        this.#child = null;
        throw new Error(`the process ended with ${String(code)} at ${JSON.stringify(call)}`);
      });
      child.send(call);
      const [answer] = (await Promise.race([answered, ended])) as [Answer];
      return answer;
    } finally {
      over.abort();
      this.#busy = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }

  #start(): ChildProcess {
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const child = fork(this.#program, { execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    child.stdout?.resume();
    // It keeps nobody waiting.
    child.unref();
    return child;
  }
}
