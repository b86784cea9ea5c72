import { bind, stringArgument, wholeArgument } from './arguments.ts';
import { formatBraces } from './format.ts';
import { TemplateError, Tuple, items, repr, tuple, type Arguments, type Value } from './values.ts';

export type Methods<T> = Readonly<Record<string, (self: T, args: Arguments) => Value>>;

/** The characters that `strip` takes away: white space, or those given. */
function stripped(self: string, args: Arguments, ends: 'both' | 'start' | 'end'): string {
  const chars = bind('strip', args, ['chars']).chars;
  const unwanted = (char: string): boolean =>
    chars === undefined || chars === null ? /\s/.test(char) : stringArgument('strip()', chars).includes(char);
  let [from, to] = [0, self.length];
  if (ends !== 'end') while (from < to && unwanted(self[from] as string)) from++;
  if (ends !== 'start') while (to > from && unwanted(self[to - 1] as string)) to--;
  return self.slice(from, to);
}

const affixes = (what: string, args: Arguments): string[] => {
  const { affix } = bind(what, args, ['affix']);
  return affix instanceof Tuple ? affix.map((one) => stringArgument(what, one)) : [stringArgument(what, affix)];
};

/** Python's methods of texts. */
export const STRING_METHODS: Methods<string> = {
  upper: (self) => self.toUpperCase(),
  lower: (self) => self.toLowerCase(),
  title: (self) => self.toLowerCase().replaceAll(/\p{L}+/gu, (word) => word.slice(0, 1).toUpperCase() + word.slice(1)),
  casefold: (self) => self.toLowerCase().replaceAll('ß', 'ss'),
  capitalize: (self) => self.slice(0, 1).toUpperCase() + self.slice(1).toLowerCase(),
  strip: (self, args) => stripped(self, args, 'both'),
  lstrip: (self, args) => stripped(self, args, 'start'),
  rstrip: (self, args) => stripped(self, args, 'end'),
  startswith: (self, args) => affixes('startswith()', args).some((affix) => self.startsWith(affix)),
  endswith: (self, args) => affixes('endswith()', args).some((affix) => self.endsWith(affix)),
  replace(self, args) {
    const { old, new: by, count } = bind('replace', args, ['old', 'new', 'count']);
    return replaceText(self, stringArgument('replace()', old), stringArgument('replace()', by), count ?? null);
  },
  split(self, args) {
    const { sep, maxsplit } = bind('split', args, ['sep', 'maxsplit']);
    const most = maxsplit === undefined ? -1 : wholeArgument('split()', maxsplit);
    if (sep === undefined || sep === null) return words(self, most);
    const separator = stringArgument('split()', sep);
    return limited(self.split(separator), most, separator);
  },
  rsplit(self, args) {
    const { sep, maxsplit } = bind('rsplit', args, ['sep', 'maxsplit']);
    const most = maxsplit === undefined ? -1 : wholeArgument('rsplit()', maxsplit);
    // from the end is from the start of the text turned round
    const turned = turn(self);
    const parts =
      sep === undefined || sep === null
        ? words(turned, most)
        : limited(turned.split(turn(stringArgument('rsplit()', sep))), most, turn(stringArgument('rsplit()', sep)));
    return parts.map(turn).toReversed();
  },
  partition: (self, args) => parted(self, args, 'partition'),
  rpartition: (self, args) => parted(self, args, 'rpartition'),
  splitlines: (self) => (self === '' ? [] : self.replace(/\n$/, '').split('\n')),
  join(self, args) {
    const { iterable } = bind('join', args, ['iterable']);
    return items(iterable ?? null)
      .map((one) => stringArgument('join()', one))
      .join(self);
  },
  format: (self, args) => formatBraces(self, args.positional, args.named),
  find: (self, args) => self.indexOf(sought('find', args)),
  rfind: (self, args) => self.lastIndexOf(sought('rfind', args)),
  index: (self, args) => there(self.indexOf(sought('index', args)), self),
  rindex: (self, args) => there(self.lastIndexOf(sought('rindex', args)), self),
  swapcase: (self) =>
    Array.from(self, (char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join(''),
  count: (self, args) => self.split(stringArgument('count()', bind('count', args, ['sub']).sub)).length - 1,
  isdigit: (self) => /^\d+$/.test(self),
  isalpha: (self) => /^\p{L}+$/u.test(self),
  isalnum: (self) => /^[\p{L}\d]+$/u.test(self),
  isspace: (self) => /^\s+$/.test(self),
  isupper: isUpper,
  islower: isLower,
  isnumeric: (self) => /^\p{N}+$/u.test(self),
  isdecimal: (self) => /^\p{Nd}+$/u.test(self),
  isidentifier: (self) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(self),
  zfill(self, args) {
    const width = wholeArgument('zfill()', bind('zfill', args, ['width']).width);
    const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(self) ?? [];
    return sign + digits.padStart(width - sign.length, '0');
  },
  ljust: (self, args) => justified(self, args, 'ljust', '<'),
  rjust: (self, args) => justified(self, args, 'rjust', '>'),
  center: (self, args) => justified(self, args, 'center', '^'),
  removeprefix(self, args) {
    const prefix = stringArgument('removeprefix()', bind('removeprefix', args, ['prefix']).prefix);
    return self.startsWith(prefix) ? self.slice(prefix.length) : self;
  },
  removesuffix(self, args) {
    const suffix = stringArgument('removesuffix()', bind('removesuffix', args, ['suffix']).suffix);
    return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
  },
};

/** Whether a text has letters, and none of the other case. */
export function isLower(self: string): boolean {
  return self === self.toLowerCase() && self !== self.toUpperCase();
}

export function isUpper(self: string): boolean {
  return self === self.toUpperCase() && self !== self.toLowerCase();
}

export function justified(self: string, args: Arguments, what: string, align: '<' | '>' | '^'): string {
  const { width, fillchar } = bind(what, args, ['width', 'fillchar']);
  const fill = fillchar === undefined ? ' ' : stringArgument(`${what}()`, fillchar);
  const missing = Math.max(0, wholeArgument(`${what}()`, width) - Array.from(self).length);
  // where the space is odd, Python has the larger half on the left of a text of odd width
  const half = Math.floor(missing / 2) + (missing % 2 === 1 && Array.from(self).length % 2 === 0 ? 1 : 0);
  const left = align === '<' ? 0 : align === '>' ? missing : half;
  return fill.repeat(left) + self + fill.repeat(missing - left);
}

const sought = (what: string, args: Arguments): string => stringArgument(`${what}()`, bind(what, args, ['sub']).sub);

function there(index: number, self: string): number {
  if (index < 0) throw new TemplateError(`the text is not in ${repr(self)}`, 'find() gives -1 then');
  return index;
}

function parted(self: string, args: Arguments, what: 'partition' | 'rpartition'): Value {
  const separator = stringArgument(`${what}()`, bind(what, args, ['sep']).sep);
  const at = what === 'partition' ? self.indexOf(separator) : self.lastIndexOf(separator);
  if (at < 0) return what === 'partition' ? tuple(self, '', '') : tuple('', '', self);
  return tuple(self.slice(0, at), separator, self.slice(at + separator.length));
}

const turn = (text: string): string => Array.from(text).toReversed().join('');

/** Split at white space; what is left after the most parts keeps its own. */
function words(self: string, most: number): string[] {
  const parts: string[] = [];
  let rest = self.trimStart();
  while (rest !== '' && (most < 0 || parts.length < most)) {
    const [word = ''] = /^\S+/.exec(rest) ?? [];
    parts.push(word);
    rest = rest.slice(word.length).trimStart();
  }
  return rest === '' ? parts : [...parts, rest];
}

function limited(parts: string[], most: number, separator: string): string[] {
  return most < 0 || parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(separator)];
}

export function replaceText(self: string, old: string, by: string, count: Value): string {
  // before each character and at the end
  const parts = old === '' ? ['', ...Array.from(self), ''] : self.split(old);
  const most = count === null ? parts.length : wholeArgument('replace()', count);
  return limited(parts, most < 0 ? -1 : most, old).join(by);
}
