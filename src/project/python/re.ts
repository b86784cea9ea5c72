import { bind, wholeArgument } from '../jinja/arguments.ts';
import { text, Thing, tuple, type Arguments, type Callable, type Value } from '../jinja/values.ts';
import { expressionOf, RE_FLAGS } from './expression.ts';

/** A call of `re.NAME(pattern, ...)`, or of the same on what `re.compile` gives, with the pattern's own flags. */
type Function = (pattern: string, flags: number, given: Partial<Record<string, Value>>) => Value;

interface Named {
  /** What it takes behind the pattern; all take `flags` last. */
  readonly takes: readonly string[];
  readonly call: Function;
}

const FUNCTIONS: Readonly<Record<string, Named>> = {
  sub: {
    takes: ['repl', 'string', 'count'],
    call: (pattern, flags, { repl, string, count }) => {
      let left = count === undefined || wholeArgument('re.sub()', count) === 0 ? Infinity : Number(count);
      const parts = replacement(text(repl ?? ''));
      return text(string ?? '').replace(expressionOf(pattern, flags, 'g'), (...found: unknown[]) => {
        if (left-- <= 0) return String(found[0]);
        const groups = found.at(-1);
        const byName = (typeof groups === 'object' && groups !== null ? groups : {}) as Record<string, string>;
        return parts.map(([literal, group]) => literal ?? groupOf(found, byName, group)).join('');
      });
    },
  },
  search: found(''),
  match: found('y'),
  fullmatch: found('y', true),
  findall: {
    takes: ['string'],
    call: (pattern, flags, { string }) =>
      [...text(string ?? '').matchAll(expressionOf(pattern, flags, 'g'))].map(([all, ...groups]) => {
        const [first = '', ...others] = groups;
        if (groups.length === 0) return all;
        return others.length === 0 ? first : tuple(...groups.map((one) => one ?? ''));
      }),
  },
  finditer: {
    takes: ['string'],
    call: (pattern, flags, { string }) =>
      [...text(string ?? '').matchAll(expressionOf(pattern, flags, 'g'))].map(matchThing),
  },
  split: {
    takes: ['string', 'maxsplit'],
    call: (pattern, flags, { string, maxsplit }) => {
      const all = text(string ?? '');
      const most = maxsplit === undefined || wholeArgument('re.split()', maxsplit) === 0 ? Infinity : Number(maxsplit);
      const parts: Value[] = [];
      let from = 0;
      for (const match of [...all.matchAll(expressionOf(pattern, flags, 'g'))].slice(0, most)) {
        parts.push(all.slice(from, match.index), ...match.slice(1).map((group) => group ?? null));
        from = match.index + match[0].length;
      }
      return [...parts, all.slice(from)];
    },
  },
};

/** What of Python's `re` macros use. */
export const PYTHON_RE = new Thing('modules.re', {
  ...Object.fromEntries(
    Object.entries(FUNCTIONS).map(([name, { takes, call }]): [string, Callable] => [
      name,
      (args) => {
        const given = bind(`re.${name}`, args, ['pattern', ...takes, 'flags']);
        return call(text(given['pattern'] ?? ''), flagsOf(given['flags']), given);
      },
    ]),
  ),
  compile: (args) => {
    const { pattern, flags } = bind('re.compile', args, ['pattern', 'flags']);
    const own = text(pattern ?? '');
    const methods = Object.entries(FUNCTIONS).map(([name, { takes, call }]): [string, Callable] => [
      name,
      (given) => call(own, flagsOf(flags), bind(name, given, takes)),
    ]);
    return new Thing('pattern', { ...Object.fromEntries(methods), pattern: own });
  },
  escape: ({ positional }) => text(positional[0] ?? '').replaceAll(/[-.*+?^${}()|[\]\\&~# \t\n\r\v\f]/g, '\\$&'),
  ...Object.fromEntries(
    Object.entries({ i: 'IGNORECASE', m: 'MULTILINE', s: 'DOTALL', x: 'VERBOSE', a: 'ASCII' }).flatMap(
      ([letter, name]): [string, Value][] => [
        [name, RE_FLAGS[letter] as number],
        [letter.toUpperCase(), RE_FLAGS[letter] as number],
      ],
    ),
  ),
});

function flagsOf(value: Value | undefined): number {
  return value === undefined ? 0 : wholeArgument('re', value);
}

/** `re.search` and its like: a match, or None. */
function found(more: string, whole = false): Named {
  return {
    takes: ['string'],
    call: (pattern, flags, { string }) => {
      const match = expressionOf(pattern, flags, more, whole).exec(text(string ?? ''));
      return match === null ? null : matchThing(match);
    },
  };
}

/** Python's match object; its places are counted in characters. */
function matchThing(match: RegExpExecArray): Thing {
  const groups = [...match].map((one): Value => one ?? null);
  const named = Object.entries(match.groups ?? {}).map(([name, one]): [string, Value] => [name, one ?? null]);
  const byName = Object.fromEntries(named);
  const one = (key: Value): Value => (typeof key === 'number' ? groups[key] : byName[text(key)]) ?? null;
  const start = Array.from(match.input.slice(0, match.index)).length;
  const end = start + Array.from(match[0]).length;
  const otherwise = ({ positional, named: given }: Arguments): Value => positional[0] ?? given.get('default') ?? null;
  return new Thing(
    'match',
    {
      group: ({ positional }) => (positional.length > 1 ? tuple(...positional.map(one)) : one(positional[0] ?? 0)),
      groups: (args) => tuple(...groups.slice(1).map((group) => group ?? otherwise(args))),
      groupdict: (args) => new Map<Value, Value>(named.map(([name, group]) => [name, group ?? otherwise(args)])),
      start: () => start,
      end: () => end,
      span: () => tuple(start, end),
      string: match.input,
    },
    { items: groups },
  );
}

/** The text that takes the place of a match, in pieces: a literal, or the number or name of a group. */
function replacement(source: string): readonly (readonly [literal: string | null, group: string])[] {
  return [...source.matchAll(/\\(\d{1,2})|\\g<(\w+)>|\\([\s\S])|[^\\]+|\\/g)].map((piece) => {
    const [all, number, name, escape] = piece;
    const group = number ?? name;
    if (group !== undefined) return [null, group] as const;
    return [escape === undefined ? all : (ESCAPES[escape] ?? all), ''] as const;
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };

function groupOf(found: readonly unknown[], byName: Readonly<Record<string, string>>, group: string): string {
  const value = /^\d+$/.test(group) ? found[Number(group)] : byName[group];
  return typeof value === 'string' ? value : '';
}
