import cliProgress from 'cli-progress';
import { count } from './numbers.ts';
import type { Output } from './output.ts';

/** Work shorter than this shows nothing. */
const QUIET_MS = 2000;
/** Without a terminal: at most a line in this time. */
const LINE_MS = 5000;

/** How far long work is: a bar on a terminal, otherwise a plain line now and then, both on standard error. */
export class Progress implements Disposable {
  readonly #output: Output;
  readonly #started = performance.now();
  #bar: cliProgress.SingleBar | undefined;
  #label = '';
  #lastLine = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param total null when it is not known */
  update(label: string, done: number, total: number | null): void {
    const now = performance.now();
    if (now - this.#started < QUIET_MS || this.#output.quiet) return;
    if (this.#output.bars && total !== null) {
      if (this.#label !== label) this.clear();
      this.#label = label;
      if (this.#bar === undefined) {
        const format = '{label} {bar} {percentage} % | {value} of {total} | {eta_formatted} left';
        this.#bar = new cliProgress.SingleBar({
          format,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        this.#bar.start(total, done, { label });
      }
      this.#bar.setTotal(total);
      this.#bar.update(done, { label });
      return;
    }
    if (now - this.#lastLine < LINE_MS) return;
    this.#lastLine = now;
    const text = total === null ? `${label}: ${count(done)}` : `${label}: ${count(done)} of ${count(total)}`;
    const data = JSON.stringify({ event: 'progress', label, done, total });
    process.stderr.write(`${this.#output.format === 'json' ? data : text}\n`);
  }

  /** Takes the bar away, so that a line can be printed; the next update draws it again. */
  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
