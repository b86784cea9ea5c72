import { bind, pairs, wholeArgument } from './arguments.ts';
import { STRING_METHODS, type Methods } from './string-methods.ts';
import {
  DistinctItems,
  Namespace,
  TemplateError,
  Thing,
  Tuple,
  Undefined,
  UnsupportedError,
  compare,
  distinct,
  equal,
  items,
  repr,
  text,
  tuple,
  typeName,
  type Arguments,
  type Callable,
  type Dict,
  type Value,
} from './values.ts';

/** `object.name`: an attribute or method, else a dict's entry. */
export function attribute(object: Value, name: string): Value {
  if (object instanceof Undefined)
    throw object.error(
      `check the spelling; if it is a package, it is not installed: run dbt deps, or copy ${name} into macros/`,
    );
  const found = member(object, name);
  if (found !== undefined) return found;
  if (object instanceof Map && object.has(name)) return object.get(name) ?? null;
  if (object instanceof Thing && WITH_MORE.has(object.kind)) {
    // no Undefined: a condition on it would be false without a word
    throw new UnsupportedError(
      `${name} of ${object.kind === 'relation' ? 'a relation' : object.kind} is not supported here`,
      'docs/project.md lists what is; rendering does not read the warehouse',
    );
  }
  if (object === null) return new Undefined(`'${name}' of None`, { hint: RESULT.has(name) ? NOTHING_YET : undefined });
  return new Undefined(`'${name}' of a ${typeName(object)}`);
}

/** What the result of a query has. */
const RESULT = new Set(['column_names', 'columns', 'data', 'rows', 'table']);
const NOTHING_YET = 'a query has no result while templates are parsed: put what uses it below {% if execute %}';

/** Objects of which dbt has more than is here. */
const WITH_MORE = new Set(['adapter', 'dbt', 'exceptions', 'relation']);

/** `object[key]`: an entry of a dict, an item of a list or a string from either end, else an attribute. */
export function item(object: Value, key: Value): Value {
  if (object instanceof Undefined) throw object.error();
  if (object instanceof Map && object.has(key)) return object.get(key) ?? null;
  if (object instanceof Thing && object.items !== undefined && typeof key === 'number') {
    return object.items.at(key) ?? new Undefined(`item ${key} of a ${object.kind} of ${object.items.length}`);
  }
  if ((Array.isArray(object) || typeof object === 'string') && typeof key === 'number') {
    const found = (typeof object === 'string' ? Array.from(object) : object).at(key);
    return found === undefined ? new Undefined(`item ${key} of a ${typeName(object)} of ${object.length}`) : found;
  }
  if (typeof key === 'string') {
    const found = member(object, key);
    if (found !== undefined) return found;
  }
  return new Undefined(`${repr(key)} of a ${typeName(object)}`);
}

/** `object[start:stop:step]`. */
export function slice(object: Value, start: Value, stop: Value, step: Value): Value {
  if (object instanceof Undefined) throw object.error();
  const all = items(object);
  const by = step === null ? 1 : wholeArgument('a slice', step);
  if (by === 0) throw new TemplateError('the step of a slice cannot be 0');
  const clamp = (value: Value, fallback: number): number => {
    if (value === null) return fallback;
    const at = wholeArgument('a slice', value);
    const place = at < 0 ? at + all.length : at;
    return by > 0 ? Math.min(Math.max(place, 0), all.length) : Math.min(Math.max(place, -1), all.length - 1);
  };
  const [from, to] =
    by > 0 ? [clamp(start, 0), clamp(stop, all.length)] : [clamp(start, all.length - 1), clamp(stop, -1)];
  const taken: Value[] = [];
  for (let i = from; by > 0 ? i < to : i > to; i += by) taken.push(all[i] ?? null);
  if (typeof object === 'string') return taken.map(text).join('');
  return object instanceof Tuple ? tuple(...taken) : taken;
}

function member(object: Value, name: string): Value | undefined {
  if (object instanceof Namespace) return object.slots.get(name);
  if (object instanceof Thing) return object.attributes.get(name);
  if (typeof object === 'string') return method(STRING_METHODS, object, name);
  if (object instanceof Map) return method(DICT_METHODS, object, name);
  if (object instanceof DistinctItems) return method(SET_METHODS, object, name);
  if (object instanceof Tuple)
    return name === 'index' || name === 'count' ? method(LIST_METHODS, object, name) : undefined;
  if (Array.isArray(object)) return method(LIST_METHODS, object, name);
  return undefined;
}

function method<T>(methods: Methods<T>, self: T, name: string): Callable | undefined {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return found === undefined ? undefined : (args) => found(self, args);
}

const LIST_METHODS: Methods<Value[]> = {
  append(self, args) {
    self.push(bind('append', args, ['item']).item ?? null);
    return null;
  },
  extend(self, args) {
    self.push(...items(bind('extend', args, ['items']).items ?? null));
    return null;
  },
  insert(self, args) {
    const { index, item: inserted } = bind('insert', args, ['index', 'item']);
    self.splice(wholeArgument('insert()', index), 0, inserted ?? null);
    return null;
  },
  pop(self, args) {
    const index = bind('pop', args, ['index']).index;
    const [taken] = self.splice(index === undefined ? -1 : wholeArgument('pop()', index), 1);
    if (taken === undefined) throw new TemplateError('pop() of an empty list');
    return taken;
  },
  remove(self, args) {
    self.splice(indexIn(self, args, 'remove'), 1);
    return null;
  },
  index: (self, args) => indexIn(self, args, 'index'),
  count(self, args) {
    const { item: wanted } = bind('count', args, ['item']);
    return self.filter((one) => equal(one, wanted ?? null)).length;
  },
  reverse(self) {
    self.reverse();
    return null;
  },
  sort(self) {
    self.sort(compare);
    return null;
  },
  copy: (self) => [...self],
  clear(self) {
    self.length = 0;
    return null;
  },
};

function indexIn(self: readonly Value[], args: Arguments, what: string): number {
  const wanted = bind(what, args, ['item']).item ?? null;
  const index = self.findIndex((one) => equal(one, wanted));
  if (index < 0) throw new TemplateError(`${repr(wanted)} is not in the list`);
  return index;
}

const others = ({ positional }: Arguments): DistinctItems => distinct(positional.flatMap(items));

const SET_METHODS: Methods<DistinctItems> = {
  add(self, args) {
    self.add(bind('add', args, ['item']).item ?? null);
    return null;
  },
  discard(self, args) {
    const at = self.findIndex((one) => equal(one, bind('discard', args, ['item']).item ?? null));
    if (at >= 0) self.splice(at, 1);
    return null;
  },
  update(self, args) {
    for (const one of others(args)) self.add(one);
    return null;
  },
  union: (self, args) => distinct([...self, ...others(args)]),
  intersection: (self, args) => distinct([...self].filter((one) => others(args).has(one))),
  difference: (self, args) => distinct([...self].filter((one) => !others(args).has(one))),
  issubset: (self, args) => self.every((one) => others(args).has(one)),
  issuperset: (self, args) => others(args).every((one) => self.has(one)),
  copy: (self) => distinct(self),
};

const DICT_METHODS: Methods<Dict> = {
  get(self, args) {
    const { key, default: fallback } = bind('get', args, ['key', 'default']);
    const found = self.get(key ?? null);
    return found === undefined ? (fallback ?? null) : found;
  },
  items: (self) => [...self].map(([key, value]) => tuple(key, value)),
  keys: (self) => [...self.keys()],
  values: (self) => [...self.values()],
  update(self, args) {
    const { positional, named } = args;
    for (const [key, value] of pairs(positional[0] ?? [])) self.set(key, value);
    for (const [key, value] of named) self.set(key, value);
    return null;
  },
  pop(self, args) {
    const { key, default: fallback } = bind('pop', args, ['key', 'default']);
    const found = self.has(key ?? null) ? self.get(key ?? null) : fallback;
    if (found === undefined) throw new TemplateError(`the dict has no key ${repr(key ?? null)}`);
    self.delete(key ?? null);
    return found;
  },
  setdefault(self, args) {
    const { key, default: fallback } = bind('setdefault', args, ['key', 'default']);
    if (!self.has(key ?? null)) self.set(key ?? null, fallback ?? null);
    return self.get(key ?? null) ?? null;
  },
  copy: (self) => new Map(self),
  clear(self) {
    self.clear();
    return null;
  },
};
