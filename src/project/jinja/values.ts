import { compareNumbers, Float, isNumber, isWhole, numeric, whole, type Whole } from '../../core/numbers.ts';

/**
 * The values templates compute with. Python's behaviour is kept where it shows in rendered text: `True`, `None`, `1.0`,
 * `['a', 1]`. Numbers are those of numbers.ts, so that `4 / 2` prints `2.0`.
 */
export type Value = null | Undefined | boolean | Whole | Float | string | Value[] | Dict | Callable | Thing;

/** A dict; keys are strings, whole numbers or booleans. */
export type Dict = Map<Value, Value>;

export interface Arguments {
  readonly positional: Value[];
  readonly named: Map<string, Value>;
}

export type Callable = (args: Arguments) => Value;

/**
 * A name or attribute that is not there. As in Jinja it is false in conditions, prints nothing and has no items; its
 * attributes, calling it and computing with it are errors.
 */
export class Undefined {
  readonly what: string;
  /** Whether printing it is an error, too: it stands for something that is not there for another reason than its name. */
  readonly failsWhenPrinted: boolean;
  /** Whether printing it may be meant, so that nobody is told. */
  readonly isMeant: boolean;
  readonly #unsupported: boolean;
  readonly #problem: string;
  readonly #hint: string | undefined;

  /**
   * @param options.problem a sentence in place of "WHAT is undefined"; printing it fails with it
   * @param options.unsupported dbt has it, and this product does not
   */
  constructor(
    what: string,
    options: { isMeant?: boolean; unsupported?: boolean; problem?: string; hint?: string | undefined } = {},
  ) {
    this.what = what;
    this.isMeant = options.isMeant ?? false;
    this.failsWhenPrinted = options.problem !== undefined;
    this.#unsupported = options.unsupported ?? false;
    this.#problem = options.problem ?? `${what} is undefined`;
    this.#hint = options.hint;
  }

  /** The failure of using it. */
  error(hint = 'check the spelling, or give it a default'): TemplateError {
    const Failure = this.#unsupported ? UnsupportedError : TemplateError;
    return new Failure(this.#problem, this.#hint ?? hint);
  }
}

/** A list that cannot be changed and prints in round brackets. */
export class Tuple extends Array<Value> {}

export function tuple(...items: Value[]): Tuple {
  const made = new Tuple();
  made.push(...items);
  return made;
}

/** Distinct items in no order that counts. */
export class DistinctItems extends Array<Value> {
  // lists made of it are plain ones
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  add(item: Value): void {
    if (!this.has(item)) this.push(item);
  }

  has(item: Value): boolean {
    return this.some((other) => equal(other, item));
  }
}

export function distinct(all: Iterable<Value>): DistinctItems {
  const made = new DistinctItems();
  for (const one of all) made.add(one);
  return made;
}

/** The whole numbers from `start` to before `stop`: a list that prints as Python's. */
export class Range extends Array<Value> {
  // lists made of it are plain ones
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  readonly #bounds: readonly number[];

  constructor(start: number, stop: number, step: number) {
    super();
    const length = Math.max(0, Math.ceil((stop - start) / step));
    for (let i = 0; i < length; i++) this.push(start + i * step);
    this.#bounds = step === 1 ? [start, stop] : [start, stop, step];
  }

  text(): string {
    return `range(${this.#bounds.join(', ')})`;
  }
}

/** An object dbt hands to templates: attributes, and optionally a call, a text, items to go through, or entries. */
export class Thing {
  readonly kind: string;
  readonly attributes: ReadonlyMap<string, Value>;
  readonly call: Callable | undefined;
  readonly text: (() => string) | undefined;
  readonly items: readonly Value[] | undefined;
  /** Whether it counts as a mapping, as dbt's relations do. */
  readonly mapping: boolean;

  constructor(
    kind: string,
    attributes: Readonly<Record<string, Value>> | ReadonlyMap<string, Value>,
    options: {
      call?: Callable | undefined;
      text?: (() => string) | undefined;
      items?: readonly Value[] | undefined;
      mapping?: boolean;
    } = {},
  ) {
    this.kind = kind;
    this.attributes = attributes instanceof Map ? attributes : new Map(Object.entries(attributes));
    this.call = options.call;
    this.text = options.text;
    this.items = options.items;
    this.mapping = options.mapping ?? false;
  }
}

/** A Thing that operators work on, as Python's dates are. */
export abstract class Operand extends Thing {
  /** What `this operator other` gives, or `other operator this` when it stands on the right; undefined where there is no such thing. */
  abstract operate(operator: string, other: Value, side: 'left' | 'right'): Value | undefined;
  /** As a comparator; undefined where there is no order. */
  abstract order(other: Value): number | undefined;
}

/** `namespace()`: the one object whose attributes a template may set. */
export class Namespace extends Thing {
  readonly slots: Map<string, Value>;
  constructor(slots: Map<string, Value>) {
    super('namespace', {});
    this.slots = slots;
  }
}

/** What goes wrong inside a template; whoever renders adds the file and line. */
export class TemplateError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'TemplateError';
    this.hint = hint;
  }
}

/** A template uses what dbt has and this product does not. */
export class UnsupportedError extends TemplateError {}

export function truthy(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Thing) return value.items === undefined || value.items.length > 0;
  return typeof value === 'function' || Boolean(value);
}

/** Python's `str()`. */
export function text(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) {
    if (value.failsWhenPrinted) throw value.error();
    return '';
  }
  return repr(value);
}

/** Python's `repr()`: strings in quotes. */
export function repr(value: Value): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (isWhole(value)) return String(value);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Float) return value.toString();
  if (value instanceof Undefined) return value.failsWhenPrinted ? text(value) : 'Undefined';
  if (value instanceof Tuple)
    return value.length === 1 ? `(${repr(value[0] ?? null)},)` : `(${[...value].map(repr).join(', ')})`;
  if (value instanceof Range) return value.text();
  if (value instanceof DistinctItems) return value.length === 0 ? 'set()' : `{${[...value].map(repr).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value instanceof Map) return `{${[...value].map(([k, v]) => `${repr(k)}: ${repr(v)}`).join(', ')}}`;
  if (value instanceof Thing && value.text !== undefined) return value.text();
  throw new TemplateError(`a ${typeName(value)} cannot be printed`, 'was a call in round brackets meant?');
}

function quoted(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

export function typeName(value: Value): string {
  if (value === null) return 'None';
  if (value instanceof Undefined) return 'undefined value';
  if (typeof value === 'boolean') return 'boolean';
  if (isWhole(value) || value instanceof Float) return 'number';
  if (typeof value === 'string') return 'string';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof DistinctItems) return 'set';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  return value instanceof Thing ? value.kind : 'function';
}

export function equal(left: Value, right: Value): boolean {
  if (isNumber(left) && isNumber(right)) return compareNumbers(numeric(left), numeric(right)) === 0;
  if (left instanceof DistinctItems || right instanceof DistinctItems) return sameItems(left, right);
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length || left instanceof Tuple !== right instanceof Tuple) return false;
    return left.every((item, i) => equal(item, right[i] ?? null));
  }
  if (left instanceof Map && right instanceof Map) {
    return left.size === right.size && [...left].every(([k, v]) => right.has(k) && equal(v, right.get(k) ?? null));
  }
  if (left instanceof Undefined || right instanceof Undefined)
    return left instanceof Undefined && right instanceof Undefined;
  if (left instanceof Operand) return left.order(right) === 0;
  if (left instanceof Thing && right instanceof Thing && left.text !== undefined && right.text !== undefined) {
    return left.kind === right.kind && left.text() === right.text();
  }
  return left === right;
}

function sameItems(left: Value, right: Value): boolean {
  if (!(left instanceof DistinctItems && right instanceof DistinctItems) || left.length !== right.length) return false;
  return left.every((one) => right.has(one));
}

/** Below zero, zero or above, as a comparator; numbers with numbers, strings by code point, lists item by item. */
export function compare(left: Value, right: Value): number {
  if (isNumber(left) && isNumber(right)) return compareNumbers(numeric(left), numeric(right));
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const [one, other] = [left[i] ?? null, right[i] ?? null];
      if (!equal(one, other)) return compare(one, other);
    }
    return left.length - right.length;
  }
  const order = left instanceof Operand ? left.order(right) : undefined;
  if (order !== undefined) return order;
  throw new TemplateError(`a ${typeName(left)} and a ${typeName(right)} have no order`);
}

/** The items a `for` runs over: of a list, the keys of a dict, the characters of a string. */
export function items(value: Value): Value[] {
  if (Array.isArray(value)) return [...value];
  if (value instanceof Map) return [...value.keys()];
  if (typeof value === 'string') return Array.from(value);
  if (value instanceof Thing && value.items !== undefined) return [...value.items];
  if (value instanceof Undefined) return Array.from(text(value));
  const hint = 'a query has no result while templates are parsed: put what uses it below {% if execute %}';
  throw new TemplateError(`a ${typeName(value)} has no items to go through`, value === null ? hint : undefined);
}

/** A value of YAML, JSON or our own code as templates see it. */
export function fromJs(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
  if (typeof value === 'bigint') return whole(value);
  if (value instanceof Float) return value;
  if (Array.isArray(value)) return value.map(fromJs);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return new Map(Object.entries(value).map(([k, v]) => [k, fromJs(v)]));
  throw new TemplateError(`a ${typeof value} cannot be used in a template`);
}

/** The plain JavaScript value, as YAML would have given it: a float without a fraction stays a `Float`. */
export function toJs(value: Value): unknown {
  if (value instanceof Float) return Number.isInteger(value.value) ? value : value.value;
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [text(k), toJs(v)]));
  if (Array.isArray(value)) return [...value].map(toJs);
  if (value instanceof Undefined && !value.isMeant) throw value.error();
  if (value instanceof Undefined || value instanceof Thing || typeof value === 'function') return text(value);
  return value;
}
