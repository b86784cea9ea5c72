import type { Scope } from './jinja/scope.ts';
import { text, Thing, type Callable, type Value } from './jinja/values.ts';

/** The names of a scope, made when they are looked at. */
class NamesOf extends Map<string, Value> {
  readonly #scope: Scope;
  constructor(scope: Scope) {
    super();
    this.#scope = scope;
  }

  override get(name: string): Value | undefined {
    return name === 'get' ? this.#lookUp : this.#scope.get(name);
  }

  readonly #lookUp: Callable = ({ positional, named }) =>
    this.#scope.get(text(positional[0] ?? named.get('key') ?? null)) ?? positional[1] ?? named.get('default') ?? null;
}

/** dbt's `context`: all names that a template sees, macros among them, for `context['get_' ~ kind](...)`. */
export function contextValue(scope: Scope): Thing {
  return new Thing('context', new NamesOf(scope));
}

/** What Python has as a dict and templates read by attributes, too: `target`, `target.get('warehouse')`. */
export function recordValue(kind: string, entries: Readonly<Record<string, Value>>): Thing {
  const own = new Map(Object.entries(entries));
  const methods: Record<string, Callable> = {
    get: ({ positional }) => own.get(text(positional[0] ?? null)) ?? positional[1] ?? null,
    keys: () => [...own.keys()],
    values: () => [...own.values()],
    items: () => [...own].map(([name, value]) => [name, value]),
  };
  return new Thing(kind, { ...methods, ...entries }, { items: [...own.keys()], mapping: true });
}
