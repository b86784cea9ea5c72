import { bind } from '../jinja/arguments.ts';
import { TemplateError, text, Thing, tuple, type Arguments, type Callable, type Value } from '../jinja/values.ts';

/** What of Python's `re` macros use. */
export const PYTHON_RE = new Thing('modules.re', {
  sub: (args) => {
    const { pattern, repl, string, count } = bind('re.sub', args, ['pattern', 'repl', 'string', 'count', 'flags']);
    let left = typeof count === 'number' && count > 0 ? count : Number.POSITIVE_INFINITY;
    const by = text(repl ?? '').replaceAll(/\\(\d)|\\g<(\w+)>|\$/g, (match, digit?: string, name?: string) => {
      if (match === '$') return '$$';
      return digit === undefined ? (/^\d+$/.test(name ?? '') ? `$${name}` : `$<${name}>`) : `$${digit}`;
    });
    return text(string ?? '').replace(expression(pattern, 'g'), (match) =>
      left-- > 0 ? match.replace(expression(pattern, ''), by) : match,
    );
  },
  search: found((pattern) => pattern),
  match: found((pattern) => `^(?:${pattern})`),
  fullmatch: found((pattern) => `^(?:${pattern})$`),
  findall: (args) => {
    const { pattern, string } = bind('re.findall', args, ['pattern', 'string', 'flags']);
    return [...text(string ?? '').matchAll(expression(pattern, 'g'))].map(([all, ...groups]) => {
      const [first = '', ...others] = groups;
      if (groups.length === 0) return all;
      return others.length === 0 ? first : tuple(...groups);
    });
  },
  split: (args) => {
    const { pattern, string } = bind('re.split', args, ['pattern', 'string']);
    return text(string ?? '').split(expression(pattern, ''));
  },
  escape: ({ positional }) => text(positional[0] ?? '').replaceAll(/[-.*+?^${}()|[\]\\&~# \t\n]/g, '\\$&'),
});

/** `re.search` and its like: a match with `group()`, or None. */
function found(whole: (pattern: string) => string): Callable {
  return (args: Arguments): Value => {
    const { pattern, string } = bind('re', args, ['pattern', 'string', 'flags']);
    const match = expression(whole(text(pattern ?? '')), '').exec(text(string ?? ''));
    if (match === null) return null;
    return new Thing('match', {
      group: ({ positional }) => match[typeof positional[0] === 'number' ? positional[0] : 0] ?? null,
      groups: () => tuple(...match.slice(1)),
    });
  };
}

/** A pattern in Python's words as JavaScript has it: named groups are written otherwise. */
function expression(pattern: Value | undefined, flags: string): RegExp {
  const source = text(pattern ?? '').replaceAll('(?P<', '(?<');
  const ignoreCase = source.startsWith('(?i)');
  try {
    return new RegExp(ignoreCase ? source.slice(4) : source, ignoreCase ? `${flags}i` : flags);
  } catch {
    throw new TemplateError(`the regular expression ${source} cannot be read`);
  }
}
