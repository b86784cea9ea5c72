import { styleText } from 'node:util';
import { INVOCATION } from '../core/invocation.ts';
import { type Output, withTime } from './output.ts';

export type Level = 'info' | 'warn' | 'error';
export type Colour = 'green' | 'yellow' | 'red';

/** A line of dbt's log: its name and code there (https://docs.getdbt.com/reference/events-logging), its level, its data. */
export interface ConsoleEvent {
  readonly name: string;
  readonly code: string;
  readonly level?: Level;
  readonly data?: Readonly<Record<string, unknown>>;
}

const PLAIN: ConsoleEvent = { name: 'Note', code: 'Z050' };

/**
 * The console of commands that run nodes, in dbt's manner: the time before each line; with `--log-format json` an object with
 * dbt's `info` and `data`; with `--quiet` the errors alone. All of it goes to standard output, as dbt's does.
 */
export class NodeConsole {
  readonly #output: Output;
  readonly #prints: boolean;

  /** @param prints whether `print()` of templates says anything */
  constructor(output: Output, prints = true) {
    this.#output = output;
    this.#prints = prints;
  }

  line(text: string, event: ConsoleEvent = PLAIN): void {
    const { name, code, level = 'info', data = {} } = event;
    if (this.#output.quiet && level !== 'error') return;
    if (this.#output.format === 'text') {
      this.#output.result(withTime(text));
      return;
    }
    this.#object(text, { name, code, level, data });
  }

  /** What a template prints: as it is, also with `--quiet`. */
  print(text: string): void {
    if (!this.#prints) return;
    if (this.#output.format === 'text') this.#output.result(text);
    else this.#object(text, { name: 'PrintEvent', code: 'Z052' });
  }

  #object(text: string, { name, code, level = 'info', data = {} }: ConsoleEvent): void {
    const info = {
      name,
      code,
      level,
      msg: text,
      ts: new Date().toISOString(),
      category: '',
      extra: {},
      invocation_id: INVOCATION.id,
      pid: process.pid,
      thread: 'MainThread',
    };
    this.#output.result(JSON.stringify({ info, data }));
  }

  /** Space between parts, for eyes alone. */
  gap(level: Level = 'info'): void {
    if (this.#output.format === 'text' && !(this.#output.quiet && level !== 'error'))
      this.line('', { ...PLAIN, level });
  }

  /** On a terminal, unless NO_COLOR is set. */
  paint(colour: Colour, text: string): string {
    return this.#output.format === 'json' ? text : styleText(colour, text, { stream: process.stdout });
  }
}
