import { bind, stringArgument, wholeArgument } from './arguments.ts';
import { attribute, item } from './attributes.ts';
import { compute, type Float, isNumber, type Whole } from '../../core/numbers.ts';
import {
  compare,
  equal,
  items,
  TemplateError,
  truthy,
  tuple,
  typeName,
  Undefined,
  type Arguments,
  type Value,
} from './values.ts';

export type Filter = (value: Value, args: Arguments) => Value;

/** `a.b` of each item, as `map(attribute='a.b')` and `sort(attribute='a')` look it up. */
export function path(value: Value, name: Value): Value {
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

/** By which an item is compared: itself or an attribute, texts in small letters unless their case counts. */
function keyOf(by: Value | undefined, caseSensitive: Value | undefined): (one: Value) => Value {
  return (one) => folded(by === undefined || by === null ? one : path(one, by), caseSensitive);
}

function folded(key: Value, caseSensitive: Value | undefined): Value {
  return typeof key === 'string' && !truthy(caseSensitive ?? false) ? key.toLowerCase() : key;
}

/** By one attribute or several: `sort(attribute='a,b')`. */
export const sort: Filter = (value, args) => {
  const { reverse, case_sensitive, attribute: by } = bind('sort', args, ['reverse', 'case_sensitive', 'attribute']);
  const names: readonly (Value | undefined)[] = typeof by === 'string' ? by.split(',') : [by];
  const keyed = items(value).map((one) => ({ one, key: names.map((name) => keyOf(name, case_sensitive)(one)) }));
  const direction = truthy(reverse ?? false) ? -1 : 1;
  return keyed.sort((a, b) => direction * compare(a.key, b.key)).map(({ one }) => one);
};

export const unique: Filter = (value, args) => {
  const bound = bind('unique', args, ['case_sensitive', 'attribute']);
  const key = keyOf(bound.attribute, bound.case_sensitive);
  const seen: Value[] = [];
  return items(value).filter((one) => {
    if (seen.some((other) => equal(other, key(one)))) return false;
    seen.push(key(one));
    return true;
  });
};

export const extreme =
  (sign: number): Filter =>
  (value, args) => {
    const bound = bind('min or max', args, ['case_sensitive', 'attribute']);
    const key = keyOf(bound.attribute, bound.case_sensitive);
    const all = items(value);
    if (all.length === 0) return new Undefined('the least or greatest item of an empty list');
    return all.reduce((best, one) => (sign * compare(key(one), key(best)) > 0 ? one : best));
  };

/** Pairs of a value and the items that have it, in the order of the values; the value as the first of them has it. */
export const groupby: Filter = (value, args) => {
  const bound = bind('groupby', args, ['attribute', 'default', 'case_sensitive']);
  const keyed = items(value).map((one) => {
    const found = path(one, bound.attribute ?? '');
    const own = found instanceof Undefined ? (bound.default ?? found) : found;
    return { own, key: folded(own, bound.case_sensitive), one };
  });
  const groups: { own: Value; key: Value; all: Value[] }[] = [];
  for (const { own, key, one } of keyed.toSorted((a, b) => compare(a.key, b.key))) {
    const last = groups.at(-1);
    if (last !== undefined && equal(last.key, key)) last.all.push(one);
    else groups.push({ own, key, all: [one] });
  }
  return groups.map(({ own, all }) => tuple(own, all));
};

export const sum: Filter = (value, args) => {
  const { attribute: by, start } = bind('sum', args, ['attribute', 'start']);
  const numbers = [start ?? 0, ...items(value).map((one) => (by === undefined ? one : path(one, by)))];
  let total: Whole | Float = 0;
  for (const one of numbers) {
    if (!isNumber(one)) throw new TemplateError(`sum needs numbers, not a ${typeName(one)}`);
    total = compute('+', total, typeof one === 'boolean' ? Number(one) : one) ?? total;
  }
  return total;
};

export const batch: Filter = (value, args) => {
  const { linecount, fill_with: fill } = bind('batch', args, ['linecount', 'fill_with']);
  const size = wholeArgument('batch', linecount);
  const all = items(value);
  const rows: Value[] = [];
  for (let i = 0; i < all.length; i += size) {
    const row = all.slice(i, i + size);
    const missing = fill === undefined || fill === null ? [] : Array<Value>(size - row.length).fill(fill);
    rows.push([...row, ...missing]);
  }
  return rows;
};

/** So many lists that are as long as each other; what is left over goes to the first ones, and `fill_with` to the others. */
export const slice: Filter = (value, args) => {
  const { slices, fill_with: fill } = bind('slice', args, ['slices', 'fill_with']);
  const count = wholeArgument('slice', slices);
  const all = items(value);
  const [each, over] = [Math.floor(all.length / count), all.length % count];
  return Array.from({ length: count }, (_, i): Value => {
    const from = i * each + Math.min(i, over);
    const part = all.slice(from, from + each + (i < over ? 1 : 0));
    return fill === undefined || fill === null || i < over ? part : [...part, fill];
  });
};

export const dictsort: Filter = (value, args) => {
  const bound = bind('dictsort', args, ['case_sensitive', 'by', 'reverse']);
  if (!(value instanceof Map)) throw new TemplateError(`dictsort needs a dict, not a ${typeName(value)}`);
  const by = stringArgument('dictsort', bound.by ?? 'key');
  if (by !== 'key' && by !== 'value') throw new TemplateError(`dictsort sorts by key or value, not by ${by}`);
  const part = ([key, one]: readonly [Value, Value]): Value => folded(by === 'key' ? key : one, bound.case_sensitive);
  const direction = truthy(bound.reverse ?? false) ? -1 : 1;
  return [...value].sort((a, b) => direction * compare(part(a), part(b))).map(([key, one]) => tuple(key, one));
};
