import { parse, stringify } from 'yaml';
import { AS_PYYAML } from '../../core/yaml-schema.ts';
import { bind, pairs, wholeArgument } from './arguments.ts';
import { toJson } from './format.ts';
import { returnFunction } from './macro.ts';
import { parseNumber } from '../../core/numbers.ts';
import {
  Namespace,
  Range,
  TemplateError,
  Thing,
  distinct,
  fromJs,
  items,
  text,
  toJs,
  truthy,
  tuple,
  type Callable,
  type Value,
} from './values.ts';

const range: Callable = ({ positional }) => {
  const [first, second, third] = positional.map((one) => wholeArgument('range()', one));
  const [start, stop, step] = [second === undefined ? 0 : (first ?? 0), second ?? first ?? 0, third ?? 1];
  if (step === 0) throw new TemplateError('the step of range() cannot be 0');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > 100_000) throw new TemplateError('range() of more than 100000 numbers');
  return new Range(start, stop, step);
};

const zip: Callable = ({ positional }) => {
  const lists = positional.map(items);
  const length = Math.min(...lists.map((list) => list.length));
  return Array.from({ length: lists.length === 0 ? 0 : length }, (_, i) =>
    tuple(...lists.map((list) => list[i] ?? null)),
  );
};

/** Python's set of the items of a list, in the order in which they come first. */
const set: Callable = ({ positional }) => distinct(items(positional[0] ?? []));

const toJsonFunction: Callable = (args) => {
  const { value, default: fallback, sort_keys: sort } = bind('tojson', args, ['value', 'default', 'sort_keys']);
  try {
    return toJson(toJs(value ?? null), truthy(sort ?? false));
  } catch (error) {
    if (fallback === undefined) throw error;
    return fallback;
  }
};

const fromJson: Callable = (args) => {
  const { string, default: fallback } = bind('fromjson', args, ['string', 'default']);
  try {
    return fromJs(JSON.parse(text(string ?? null), exactNumber));
  } catch (error) {
    if (fallback !== undefined) return fallback;
    throw new TemplateError(`fromjson() of something that is not JSON: ${String(error)}`);
  }
};

/** Numbers by their digits: JSON.parse alone rounds long ones and forgets that `1.0` is a float. */
function exactNumber(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  return typeof value === 'number' && source !== undefined ? parseNumber(source) : value;
}

const fromYaml: Callable = (args) => {
  const { value, default: fallback } = bind('fromyaml', args, ['value', 'default']);
  try {
    return fromJs(parse(text(value ?? null), AS_PYYAML));
  } catch (error) {
    if (fallback !== undefined) return fallback;
    throw new TemplateError(`fromyaml() of something that is not YAML: ${String(error)}`);
  }
};

/** In the style of PyYAML. */
const toYaml: Callable = (args) => {
  const { value, default: fallback, sort_keys: sort } = bind('toyaml', args, ['value', 'default', 'sort_keys']);
  try {
    const plain = JSON.parse(toJson(toJs(value ?? null), truthy(sort ?? false))) as unknown;
    return stringify(plain, { indentSeq: false, singleQuote: true, nullStr: 'null', lineWidth: 80 });
  } catch (error) {
    if (fallback === undefined) throw error;
    return fallback;
  }
};

/** What two dicts of lists differ in: of each key of the first the entries that the second has not. */
const difference: Callable = ({ positional: [left, right] }) => {
  if (!(left instanceof Map) || !(right instanceof Map)) throw new TemplateError('diff_of_two_dicts() takes two dicts');
  const folded = (list: Value): string[] => items(list).map((one) => text(one).toLowerCase());
  const others = new Map([...right].map(([key, list]) => [text(key).toLowerCase(), folded(list)]));
  const found = [...left].map(([key, list]): [Value, Value[]] => {
    const known = others.get(text(key).toLowerCase()) ?? [];
    return [key, items(list).filter((one) => !known.includes(text(one).toLowerCase()))];
  });
  return new Map<Value, Value>(found.filter(([, list]) => list.length > 0));
};

const raise: Callable = ({ positional }) => {
  throw new TemplateError(text(positional[0] ?? ''), 'the template itself raised this');
};

const nothing: Callable = () => '';

/** The names that are the same in every template: Jinja's and dbt's functions that need no project. */
export const GLOBALS: Readonly<Record<string, Value>> = {
  dict: ({ positional, named }) => new Map<Value, Value>([...pairs(positional[0] ?? []), ...named]),
  diff_of_two_dicts: difference,
  exceptions: new Thing('exceptions', {
    raise_compiler_error: raise,
    raise_contract_error: raise,
    raise_database_error: raise,
    raise_dependency_error: raise,
    raise_fail_fast_error: raise,
    raise_not_implemented: raise,
  }),
  fromjson: fromJson,
  fromyaml: fromYaml,
  log: nothing,
  namespace: ({ positional, named }) => {
    const start = positional[0] instanceof Map ? [...positional[0]].map(([k, v]): [string, Value] => [text(k), v]) : [];
    return new Namespace(new Map([...start, ...named]));
  },
  print: nothing,
  range,
  return: returnFunction,
  set,
  set_strict: set,
  tojson: toJsonFunction,
  toyaml: toYaml,
  zip,
  zip_strict: zip,
};
