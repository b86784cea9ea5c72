import cliProgress from 'cli-progress';
import { count, duration } from './numbers.ts';
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
  /** Of the label at hand: when it began, and with how much. */
  #since = { at: performance.now(), done: 0 };
  #lastLine = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param total null when it is not known */
  update(label: string, done: number, total: number | null): void {
    const now = performance.now();
    if (this.#label !== label) {
      this.clear();
      this.#label = label;
      this.#since = { at: now, done };
    }
    if (now - this.#started < QUIET_MS || this.#output.quiet) return;
    const pace = this.#pace(now, done, total);
    if (this.#output.bars && total !== null) {
      if (this.#bar === undefined) {
        const format = '{label} {bar} {percentage} % | {value} of {total}{pace}';
        this.#bar = new cliProgress.SingleBar({
          format,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        this.#bar.start(total, done, { label, pace });
      }
      this.#bar.setTotal(total);
      this.#bar.update(done, { label, pace });
      return;
    }
    if (now - this.#lastLine < LINE_MS) return;
    this.#lastLine = now;
    const text = total === null ? `${label}: ${count(done)}` : `${label}: ${count(done)} of ${count(total)}${pace}`;
    const data = JSON.stringify({ event: 'progress', label, done, total });
    process.stderr.write(`${this.#output.format === 'json' ? data : text}\n`);
  }

  /** `, 41,000 a second, 2.1 s left`; nothing while nothing is known. */
  #pace(now: number, done: number, total: number | null): string {
    const seconds = (now - this.#since.at) / 1000;
    const rate = (done - this.#since.done) / seconds;
    if (!(rate > 0) || seconds < 0.5) return '';
    const left = total === null ? '' : `, ${duration(((total - done) / rate) * 1000)} left`;
    return `, ${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} a second${left}`;
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
