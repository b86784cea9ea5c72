import { bind, stringArgument, wholeArgument } from './arguments.ts';
import { attribute } from './attributes.ts';
import { formatPercent, toJson } from './format.ts';
import { isNumber, numeric } from '../../core/numbers.ts';
import { batch, dictsort, extreme, type Filter, groupby, path, slice, sort, sum, unique } from './list-filters.ts';
import { asNumber, round, toNumber } from './number-filters.ts';
import { negate } from './operators.ts';
import { prettyPrinted } from './pretty-print.ts';
import { replaceText } from './string-methods.ts';
import { applyTest } from './tests.ts';
import {
  center,
  escaped,
  filesizeformat,
  indent,
  striptags,
  title,
  truncate,
  urlencode,
  wordcount,
  wordwrap,
  xmlattr,
} from './text-filters.ts';
import {
  items,
  TemplateError,
  text,
  toJs,
  truthy,
  tuple,
  Undefined,
  UnsupportedError,
  type Arguments,
  type Value,
} from './values.ts';

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
const NEEDS_VALUE = new Set(['abs', 'dictsort', 'float', 'indent', 'int', 'round', 'tojson']);

/** None has none, nor has 0: Jinja asks first whether there is a value. */
function itemsIfAny(value: Value): Value[] {
  return truthy(value) ? items(value) : [];
}

const length: Filter = (value) => (value instanceof Map ? value.size : items(value).length);

const fallback: Filter = (value, args) => {
  const { default_value, boolean } = bind('default', args, ['default_value', 'boolean']);
  const missing = value instanceof Undefined || (truthy(boolean ?? false) && !truthy(value));
  return missing ? (default_value ?? '') : value;
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

function endOf(all: readonly Value[], at: 0 | -1): Value {
  if (all.length === 0) return new Undefined(`the ${at === 0 ? 'first' : 'last'} item of an empty list`);
  return all.at(at) ?? null;
}

const FILTERS: Readonly<Record<string, Filter>> = {
  abs: (value) => (!isNumber(value) ? value : numeric(value) < 0 ? negate(value) : negate(negate(value))),
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
  center,
  count: length,
  d: fallback,
  default: fallback,
  dictsort,
  e: escaped,
  escape: escaped,
  filesizeformat,
  first: (value) => endOf(items(value), 0),
  float: toNumber(false),
  forceescape: escaped,
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
  last: (value) => endOf(items(value), -1),
  length,
  list: (value) => items(value),
  lower: method('lower'),
  map,
  max: extreme(1),
  min: extreme(-1),
  pprint: prettyPrinted,
  random() {
    throw new UnsupportedError('the filter random gives another value at each run', 'take first');
  },
  reject: choose(false, false),
  rejectattr: choose(false, true),
  replace(value, args) {
    const { old, new: by, count } = bind('replace', args, ['old', 'new', 'count']);
    return replaceText(text(value), text(old ?? ''), text(by ?? ''), count ?? null);
  },
  reverse: (value) => (typeof value === 'string' ? Array.from(value).toReversed().join('') : items(value).toReversed()),
  round,
  safe: (value) => text(value),
  select: choose(true, false),
  selectattr: choose(true, true),
  slice,
  sort,
  string: (value) => text(value),
  striptags,
  sum,
  title,
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
  urlencode,
  wordcount,
  wordwrap,
  xmlattr,
};
