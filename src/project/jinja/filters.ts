import { bind, stringArgument, wholeArgument } from './arguments.ts';
import { attribute, item } from './attributes.ts';
import { formatPercent, toJson } from './format.ts';
import { compute, type Float, isNumber, numeric, type Whole } from '../../core/numbers.ts';
import { asNumber, round, toNumber } from './number-filters.ts';
import { negate } from './operators.ts';
import { replaceText } from './string-methods.ts';
import { applyTest } from './tests.ts';
import {
  TemplateError,
  Undefined,
  compare,
  equal,
  items,
  text,
  toJs,
  truthy,
  tuple,
  typeName,
  type Arguments,
  type Value,
} from './values.ts';

type Filter = (value: Value, args: Arguments) => Value;

/** `value | name(...)`: Jinja's filters that SQL templates use, and dbt's `as_*`. */
export function applyFilter(name: string, value: Value, args: Arguments): Value {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  if (filter === undefined) throw new TemplateError(`there is no filter ${name}`, 'docs/project.md lists the filters');
  if (value instanceof Undefined && (value.failsWhenPrinted ? !DEFAULTS.has(name) : NEEDS_VALUE.has(name)))
    throw value.error();
  return filter(value, args);
}

const DEFAULTS = new Set(['default', 'd']);
/** Filters that fail on an undefined value, in Jinja and Python. */
const NEEDS_VALUE = new Set(['abs', 'dictsort', 'float', 'format', 'indent', 'int', 'round', 'tojson']);

/** `a.b` of each item, as `map(attribute='a.b')` and `sort(attribute='a')` look it up. */
function path(value: Value, name: Value): Value {
  if (typeof name === 'number') return item(value, name);
  let found = value;
  for (const part of stringArgument('attribute', name).split('.')) {
    found = /^\d+$/.test(part) ? item(found, Number(part)) : attributeOrItem(found, part);
  }
  return found;
}

function attributeOrItem(value: Value, name: string): Value {
  return value instanceof Map ? item(value, name) : attribute(value, name);
}

/** None has none, where Jinja asks first whether there is a value. */
function itemsIfAny(value: Value): Value[] {
  return value === null ? [] : items(value);
}

const length: Filter = (value) => (value instanceof Map ? value.size : items(value).length);

const fallback: Filter = (value, args) => {
  const { default_value, boolean } = bind('default', args, ['default_value', 'boolean']);
  const missing = value instanceof Undefined || (truthy(boolean ?? false) && !truthy(value));
  return missing ? (default_value ?? '') : value;
};

const sort: Filter = (value, args) => {
  const bound = bind('sort', args, ['reverse', 'case_sensitive', 'attribute']);
  const folded = (one: Value): Value => {
    const key = bound.attribute === undefined ? one : path(one, bound.attribute);
    return typeof key === 'string' && !truthy(bound.case_sensitive ?? false) ? key.toLowerCase() : key;
  };
  const direction = truthy(bound.reverse ?? false) ? -1 : 1;
  return items(value).sort((a, b) => direction * compare(folded(a), folded(b)));
};

const unique: Filter = (value, args) => {
  const bound = bind('unique', args, ['case_sensitive', 'attribute']);
  const seen: Value[] = [];
  return items(value).filter((one) => {
    const key = bound.attribute === undefined ? one : path(one, bound.attribute);
    const folded = typeof key === 'string' && !truthy(bound.case_sensitive ?? false) ? key.toLowerCase() : key;
    if (seen.some((other) => equal(other, folded))) return false;
    seen.push(folded);
    return true;
  });
};

const map: Filter = (value, args) => {
  const name = args.named.get('attribute');
  if (name !== undefined) {
    const missing = args.named.get('default');
    return itemsIfAny(value).map((one) => {
      const found = path(one, name);
      return found instanceof Undefined && missing !== undefined ? missing : found;
    });
  }
  const [filter, ...rest] = args.positional;
  const inner: Arguments = { positional: rest, named: args.named };
  return itemsIfAny(value).map((one) => applyFilter(stringArgument('map()', filter), one, inner));
};

/** `select`, `reject`, `selectattr` and `rejectattr`: by a test, or by truth when none is named. */
const choose =
  (keep: boolean, byAttribute: boolean): Filter =>
  (value, args) => {
    const rest = [...args.positional];
    const name = byAttribute ? rest.shift() : undefined;
    const [test, ...parameters] = rest;
    return itemsIfAny(value).filter((one) => {
      const subject = name === undefined ? one : path(one, name);
      const chosen =
        test === undefined ? truthy(subject) : applyTest(stringArgument('a test', test), subject, parameters);
      return chosen === keep;
    });
  };

const extreme =
  (sign: number): Filter =>
  (value, args) => {
    const by = bind('min or max', args, ['case_sensitive', 'attribute']).attribute;
    const key = (one: Value): Value => (by === undefined ? one : path(one, by));
    const all = items(value);
    if (all.length === 0) return new Undefined('the least or greatest item of an empty list');
    return all.reduce((best, one) => (sign * compare(key(one), key(best)) > 0 ? one : best));
  };

/** Pairs of a value and the items that have it, in the order of the values. */
const groupby: Filter = (value, args) => {
  const bound = bind('groupby', args, ['attribute', 'default', 'case_sensitive']);
  const keyed = items(value).map((one) => {
    const found = path(one, bound.attribute ?? '');
    return { key: found instanceof Undefined ? (bound.default ?? found) : found, one };
  });
  const groups: { key: Value; all: Value[] }[] = [];
  for (const { key, one } of keyed.toSorted((a, b) => compare(a.key, b.key))) {
    const last = groups.at(-1);
    if (last !== undefined && equal(last.key, key)) last.all.push(one);
    else groups.push({ key, all: [one] });
  }
  return groups.map(({ key, all }) => tuple(key, all));
};

const sum: Filter = (value, args) => {
  const { attribute: by, start } = bind('sum', args, ['attribute', 'start']);
  const numbers = [start ?? 0, ...items(value).map((one) => (by === undefined ? one : path(one, by)))];
  let total: Whole | Float = 0;
  for (const one of numbers) {
    if (!isNumber(one)) throw new TemplateError(`sum needs numbers, not a ${typeName(one)}`);
    total = compute('+', total, typeof one === 'boolean' ? Number(one) : one) ?? total;
  }
  return total;
};

const indent: Filter = (value, args) => {
  const { width, first, blank } = bind('indent', args, ['width', 'first', 'blank']);
  const space = typeof width === 'string' ? width : ' '.repeat(wholeArgument('indent', width ?? 4));
  const indented = text(value)
    .split('\n')
    .map((line, i) => (i === 0 || (line === '' && !truthy(blank ?? false)) ? line : space + line))
    .join('\n');
  return truthy(first ?? false) ? space + indented : indented;
};

const truncate: Filter = (value, args) => {
  const { length, killwords, end, leeway } = bind('truncate', args, ['length', 'killwords', 'end', 'leeway']);
  const most = wholeArgument('truncate', length ?? 255);
  const ending = text(end ?? '...');
  const all = Array.from(text(value));
  if (all.length <= most + wholeArgument('truncate', leeway ?? 5)) return text(value);
  const kept = all.slice(0, Math.max(0, most - ending.length)).join('');
  const lastBlank = truthy(killwords ?? false) ? -1 : kept.lastIndexOf(' ');
  return (lastBlank === -1 ? kept : kept.slice(0, lastBlank)) + ending;
};

const batch: Filter = (value, args) => {
  const { linecount, fill_with: fill } = bind('batch', args, ['linecount', 'fill_with']);
  const size = wholeArgument('batch', linecount);
  const all = items(value);
  const rows: Value[] = [];
  for (let i = 0; i < all.length; i += size) {
    const row = all.slice(i, i + size);
    const missing = fill === undefined ? 0 : size - row.length;
    rows.push([...row, ...Array.from({ length: missing }, () => fill ?? null)]);
  }
  return rows;
};

const dictsort: Filter = (value, args) => {
  const bound = bind('dictsort', args, ['case_sensitive', 'by', 'reverse']);
  if (!(value instanceof Map)) throw new TemplateError(`dictsort needs a dict, not a ${typeName(value)}`);
  const by = stringArgument('dictsort', bound.by ?? 'key');
  if (by !== 'key' && by !== 'value') throw new TemplateError(`dictsort sorts by key or value, not by ${by}`);
  const part = ([key, one]: readonly [Value, Value]): Value => {
    const sorted = by === 'key' ? key : one;
    return typeof sorted === 'string' && !truthy(bound.case_sensitive ?? false) ? sorted.toLowerCase() : sorted;
  };
  const direction = truthy(bound.reverse ?? false) ? -1 : 1;
  return [...value].sort((a, b) => direction * compare(part(a), part(b))).map(([key, one]) => tuple(key, one));
};

const method =
  (name: string): Filter =>
  (value, args) => {
    const called = attribute(text(value), name);
    return typeof called === 'function' ? called(args) : called;
  };

const asBoolean: Filter = (value) => {
  if (typeof value === 'boolean') return value;
  const name = text(value).toLowerCase();
  if (name === 'true' || name === 'false') return name === 'true';
  throw new TemplateError(`${name} is neither true nor false`);
};

const FILTERS: Readonly<Record<string, Filter>> = {
  abs: (value) => (isNumber(value) && numeric(value) < 0 ? negate(value) : value),
  as_bool: asBoolean,
  as_native: (value) => value,
  as_number: asNumber,
  as_text: (value) => text(value),
  // an attribute alone, never an entry
  attr(value, args) {
    const name = stringArgument('attr', bind('attr', args, ['name']).name);
    const missing = value instanceof Map && value.has(name);
    return missing ? new Undefined(`'${name}' of a dict`) : attribute(value, name);
  },
  batch,
  capitalize: method('capitalize'),
  count: length,
  d: fallback,
  default: fallback,
  dictsort,
  first: (value) => items(value)[0] ?? new Undefined('the first item of an empty list'),
  float: toNumber(false),
  format: (value, args) =>
    formatPercent(text(value), args.named.size > 0 ? new Map(args.named) : tuple(...args.positional)),
  groupby,
  indent,
  int: toNumber(true),
  items: (value) => (value instanceof Map ? [...value].map(([key, one]) => tuple(key, one)) : items(value)),
  join(value, args) {
    const { d, attribute: by } = bind('join', args, ['d', 'attribute']);
    return items(value)
      .map((one) => text(by === undefined ? one : path(one, by)))
      .join(text(d ?? ''));
  },
  last: (value) => items(value).at(-1) ?? new Undefined('the last item of an empty list'),
  length,
  list: (value) => items(value),
  lower: method('lower'),
  map,
  max: extreme(1),
  min: extreme(-1),
  reject: choose(false, false),
  rejectattr: choose(false, true),
  replace(value, args) {
    const { old, new: by, count } = bind('replace', args, ['old', 'new', 'count']);
    return replaceText(text(value), text(old ?? ''), text(by ?? ''), count ?? null);
  },
  reverse: (value) => (typeof value === 'string' ? Array.from(value).toReversed().join('') : items(value).toReversed()),
  round,
  select: choose(true, false),
  selectattr: choose(true, true),
  sort,
  string: (value) => text(value),
  sum,
  // words start after white space, `-` and opening brackets here, and the text method's after any other sign
  title: (value) =>
    text(value).replaceAll(/[^-\s({[<]+/g, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()),
  tojson(value, args) {
    const spaces = bind('tojson', args, ['indent']).indent;
    // Jinja's filter sorts keys and hides what HTML would read
    const json = toJson(toJs(value), true, spaces === undefined ? 0 : wholeArgument('tojson', spaces));
    return json.replaceAll(/[<>&']/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  },
  trim: method('strip'),
  truncate,
  unique,
  upper: method('upper'),
  wordcount: (value) => text(value).split(/\s+/).filter(Boolean).length,
};
