import { once } from 'node:events';

/**
 * What commands print. Results go to standard output whatever the flags; lines about the work do so too unless
 * `--quiet`, as text or, with `--log-format json`, as one JSON object each. Notices go to standard error.
 */
export class Output {
  readonly format: 'text' | 'json';
  readonly #quiet: boolean;
  readonly #timed: boolean;

  constructor(options: { readonly logFormat: 'text' | 'json'; readonly quiet: boolean }, timed = false) {
    this.format = options.logFormat;
    this.#quiet = options.quiet;
    this.#timed = timed;
  }

  /** The same, with the time before what happened, as dbt's lines have it. */
  timed(): Output {
    return new Output({ logFormat: this.format, quiet: this.#quiet }, true);
  }

  /** What the command was asked for. */
  result(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /**
   * Resolves when the reader of standard output has caught up; for output that may be larger than memory.
   *
   * @param ahead how many bytes may be printed that nobody has read yet
   */
  async drain(ahead = 0): Promise<void> {
    if (process.stdout.writableLength > ahead && process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  }

  /** What happened. */
  line(text: string, data: Readonly<Record<string, unknown>>): void {
    if (!this.#quiet) this.result(this.format === 'json' ? JSON.stringify(data) : this.#timed ? withTime(text) : text);
  }

  /** Something to know beside the result. */
  notice(text: string, data: Readonly<Record<string, unknown>> = { event: 'notice', message: text }): void {
    if (!this.#quiet) this.#aside(text, data);
  }

  /** Why the exit code is 1 although the command went on to its end; said even with `--quiet`. */
  failure(text: string, data: Readonly<Record<string, unknown>>): void {
    this.#aside(text, data);
    process.exitCode = 1;
  }

  #aside(text: string, data: Readonly<Record<string, unknown>>): void {
    process.stderr.write(`${this.format === 'json' ? JSON.stringify(data) : text}\n`);
  }

  /** Where bars may be drawn. */
  get bars(): boolean {
    return process.stderr.isTTY && this.format === 'text' && !this.#quiet;
  }

  get quiet(): boolean {
    return this.#quiet;
  }
}

/** `13:41:44  text`. */
export function withTime(text: string): string {
  return `${new Date().toTimeString().slice(0, 8)}  ${text}`;
}
