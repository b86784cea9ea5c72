import type { Value } from './values.ts';

/** The names a stretch of a template sees: its own, then those around it. */
export class Scope {
  readonly #own = new Map<string, Value>();
  readonly #outer: Scope | undefined;
  readonly #made = new Map<string, () => Value>();

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    const own = this.#own.get(name);
    if (own !== undefined) return own;
    const make = this.#made.get(name);
    return make === undefined ? this.#outer?.get(name) : make();
  }

  /** A name whose value is made each time it is looked at. */
  setMade(name: string, make: () => Value): void {
    this.#made.set(name, make);
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value);
  }
}
