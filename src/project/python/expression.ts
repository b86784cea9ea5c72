import { TemplateError } from '../jinja/values.ts';

/** The flags of Python's `re` by the letters that patterns have for them, as its numbers. */
export const RE_FLAGS: Readonly<Record<string, number>> = { i: 2, L: 4, m: 8, s: 16, u: 32, x: 64, a: 256 };

const GLOBAL_FLAGS = /^\(\?([aiLmsux]+)\)/;
const COUNT = /^\{(\d*)(,?)(\d*)\}/;
const WORD = '\\p{L}\\p{N}_';
const AT_WORD = `(?<=[${WORD}])`;
const BEFORE_WORD = `(?=[${WORD}])`;
const NO_MORE = '(?![\\s\\S])';

/**
 * A pattern in Python's words as JavaScript has it: https://docs.python.org/3/library/re.html. Of strings, so letters and digits are those of
 * Unicode. Throws a TemplateError for what JavaScript has no word for.
 *
 * @param flags numbers of {@link RE_FLAGS}, added up
 * @param more flags of JavaScript: `g`, `y`
 * @param whole whether nothing may be left behind it
 */
export function expressionOf(pattern: string, flags: number, more: string, whole = false): RegExp {
  let source = pattern;
  let all = flags;
  for (let found = GLOBAL_FLAGS.exec(source); found !== null; found = GLOBAL_FLAGS.exec(source)) {
    for (const letter of found[1] as string) all |= RE_FLAGS[letter] as number;
    source = source.slice(found[0].length);
  }
  const has = (letter: string): boolean => (all & (RE_FLAGS[letter] as number)) !== 0;
  const own = ['i', 'm', 's'].filter(has).join('');
  try {
    const translated = translate(source, { verbose: has('x'), lines: has('m'), ascii: has('a') });
    return new RegExp(whole ? `(?:${translated})${NO_MORE}` : translated, `v${own}${more}`);
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    throw new TemplateError(`the regular expression ${pattern} cannot be read`);
  }
}

interface Mode {
  /** Blanks and comments in it say nothing. */
  readonly verbose: boolean;
  /** `$` is the end of each line. */
  readonly lines: boolean;
  readonly ascii: boolean;
}

function translate(source: string, mode: Mode): string {
  const made: string[] = [];
  let at = 0;
  const take = (length: number, text: string): void => {
    at += length;
    made.push(text);
  };
  while (at < source.length) {
    const rest = source.slice(at);
    const char = String.fromCodePoint(source.codePointAt(at) as number);
    const group = /^\(\?(?:P<|P=(\w+)\)|#[^)]*\))/.exec(rest);
    const count = COUNT.exec(rest);
    if (char === '\\') take(...escaped(rest, mode, false));
    else if (char === '[') take(...characters(rest, mode));
    else if (group !== null) take(group[0].length, openedGroup(group));
    else if (mode.verbose && /\s/.test(char)) at++;
    else if (mode.verbose && char === '#') at += (/^[^\n]*/.exec(rest) as RegExpExecArray)[0].length;
    else if (count !== null && count[0] !== '{}') take(count[0].length, `{${count[1] || 0}${count[2]}${count[3]}}`);
    else if (/[{}\]]/.test(char)) take(1, `\\${char}`);
    // Python's is also before the line break at the end
    else if (char === '$') take(1, mode.lines ? '$' : `(?=\\n?${NO_MORE})`);
    else take(char.length, char);
  }
  return made.join('');
}

function openedGroup([opening, name]: RegExpExecArray): string {
  if (name !== undefined) return `\\k<${name}>`;
  return opening === '(?P<' ? '(?<' : '';
}

/** What `[...]` at the beginning is, and how long. */
function characters(rest: string, mode: Mode): [length: number, text: string] {
  const opening = rest.startsWith('[^') ? '[^' : '[';
  let at = opening.length;
  let made = opening;
  // a bracket that comes first is one of the characters, as a hyphen is that makes no range
  for (let first = true; at < rest.length && (first || rest[at] !== ']'); first = false) {
    const char = String.fromCodePoint(rest.codePointAt(at) as number);
    const isRange =
      char === '-' &&
      !first &&
      rest[at + 1] !== ']' &&
      !KIND.test(rest.slice(at - 2, at)) &&
      !KIND.test(rest.slice(at + 1));
    const [length, text] =
      char === '\\' ? escaped(rest.slice(at), mode, true) : [char.length, isRange ? char : literal(char)];
    at += length;
    made += text;
  }
  return [at + 1, `${made}]`];
}

/** A character of `[...]` that says nothing but itself. */
function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/&\-!#%,:;<=>@`~]/.test(char) ? `\\${char}` : char;
}

/** What a backslash and what follows it are, and how long. */
function escaped(rest: string, { ascii }: Mode, inside: boolean): [length: number, text: string] {
  const char = String.fromCodePoint(rest.codePointAt(1) ?? 92);
  const length = 1 + char.length;
  const named = inside ? INSIDE[char] : OUTSIDE[char];
  if (named !== undefined && !(ascii && /[dDwWbB]/.test(char))) return [length, named];
  if (/\w/.test(char)) return [length, `\\${char}`];
  if (inside) return [length, literal(char)];
  return [length, /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char];
}

/** `\d` and its like, which begin and end no range. */
const KIND = /^\\[dDwWsS]/;

const INSIDE: Readonly<Record<string, string>> = {
  a: '\\x07',
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: WORD,
  W: `[^${WORD}]`,
};

const OUTSIDE: Readonly<Record<string, string>> = {
  ...INSIDE,
  w: `[${WORD}]`,
  b: `(?:${AT_WORD}(?![${WORD}])|(?<![${WORD}])${BEFORE_WORD})`,
  B: `(?:${AT_WORD}${BEFORE_WORD}|(?<![${WORD}])(?![${WORD}]))`,
  A: '(?<![\\s\\S])',
  Z: NO_MORE,
};
