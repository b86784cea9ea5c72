import { parseNumber } from '../../core/numbers.ts';

/** What the tokenizer of `@huggingface/jinja` makes; the package does not export the type. */
export interface Token {
  readonly type: string;
  readonly value: string;
}

/** The function that a number stands for which the parser would read differently; no template can name it. */
export const NUMBER = '%number';

const token = (type: string, value: string): Token => ({ type, value });

/** What an empty tuple or one with a comma at its end becomes. */
export const TUPLE = '%tuple';

/** What a test with an argument becomes: a filter whose first argument is the test's name. */
export const TEST = '%is';
export const NOT_TEST = '%is_not';

/**
 * What Jinja has and the parser of `@huggingface/jinja` has not, in terms of what it has: numbers such as `1e3`, `1_000`
 * and whole ones beyond 2^53, tuples such as `(1,)` and `()`, and tests with an argument such as `is divisibleby(2)` or
 * `is in [1, 2]`. Each becomes a call of a name that no template can use. Chains of comparisons become what they stand for.
 */
export function inParserTerms(tokens: readonly Token[]): Token[] {
  return withTests(withTuples(withNumbers(withChains(tokens))));
}

const COMPARISON = 'ComparisonBinaryOperator';
const BETWEEN_COMPARISONS = new Set(['and', 'or', 'not', 'if', 'elif', 'else', 'in', 'set', 'do']);
const BETWEEN_EXPRESSIONS =
  /^(?:Comma|Equals|Colon|Text|Comment|OpenStatement|CloseStatement|OpenExpression|CloseExpression|Close\w+)$/;

/** `1 < x < 9` as `(1 < x and x < 9)`: the parser would compare the first answer with 9. */
function withChains(tokens: readonly Token[]): Token[] {
  const rewritten: Token[] = [];
  for (let i = 0; i < tokens.length;) {
    const end = comparedUntil(tokens, i);
    rewritten.push(...chained(tokens.slice(i, end)), ...tokens.slice(end, end + 1));
    i = end + 1;
  }
  return rewritten;
}

/** Where what may be one chain of comparisons ends; what stands in brackets is passed over. */
function comparedUntil(tokens: readonly Token[], from: number): number {
  for (let i = from; i < tokens.length; i++) {
    const { type, value } = tokens[i] as Token;
    if (BETWEEN_EXPRESSIONS.test(type) || (type === 'Identifier' && BETWEEN_COMPARISONS.has(value))) return i;
    if (OPENING.test(type)) i = closing(tokens, i);
  }
  return tokens.length;
}

function chained(tokens: readonly Token[]): Token[] {
  const operands: Token[][] = [[]];
  const operators: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const one = tokens[i] as Token;
    if (one.type === COMPARISON) {
      operators.push(one);
      operands.push([]);
    } else if (OPENING.test(one.type)) {
      const end = closing(tokens, i);
      operands.at(-1)?.push(one, ...withChains(tokens.slice(i + 1, end)), ...tokens.slice(end, end + 1));
      i = end;
    } else operands.at(-1)?.push(one);
  }
  const pairs = operators.map((operator, at) => [
    ...(operands[at] as Token[]),
    operator,
    ...(operands[at + 1] as Token[]),
  ]);
  if (pairs.length < 2) return pairs[0] ?? (operands[0] as Token[]);
  const joined = pairs.flatMap((pair, at) => (at === 0 ? pair : [token('Identifier', 'and'), ...pair]));
  return [token('OpenParen', '('), ...joined, token('CloseParen', ')')];
}

function withNumbers(tokens: readonly Token[]): Token[] {
  const rewritten: Token[] = [];
  for (let i = 0; i < tokens.length;) {
    const { length, text } = numberAt(tokens, i);
    const readAsItIs = length === 1 && /\.|^[-+]?\d{1,15}$/.test(text);
    if (length > 0 && !readAsItIs) rewritten.push(...call(NUMBER, text));
    else rewritten.push(...tokens.slice(i, i + 1));
    i += Math.max(1, length);
  }
  return rewritten;
}

/** Words after which a round bracket opens a group, and no call. */
const BEFORE_GROUP = new Set(['and', 'elif', 'else', 'if', 'in', 'is', 'not', 'or']);

function withTuples(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((one, i) => {
    if (one.type !== 'OpenParen') return [one];
    const before = tokens[i - 1];
    const called =
      before?.type === 'CloseParen' ||
      before?.type === 'CloseSquareBracket' ||
      (before?.type === 'Identifier' && !BEFORE_GROUP.has(before.value));
    // a test's brackets are those of its arguments
    if (called || isTestName(tokens, i - 1)) return [one];
    const end = closing(tokens, i);
    const isTuple = end === i + 1 || tokens[end - 1]?.type === 'Comma';
    return isTuple ? [token('Identifier', TUPLE), one] : [one];
  });
}

function isTestName(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]?.value === 'not' ? tokens[i - 2] : tokens[i - 1];
  return tokens[i]?.type === 'Identifier' && before?.type === 'Identifier' && before.value === 'is';
}

function withTests(tokens: readonly Token[]): Token[] {
  const rewritten: Token[] = [];
  for (let i = 0; i < tokens.length;) {
    const negated = tokens[i + 1]?.type === 'Identifier' && tokens[i + 1]?.value === 'not';
    const at = negated ? i + 2 : i + 1;
    const [start, end] = isWord(tokens[i], 'is') ? argumentsAfter(tokens, at) : [0, 0];
    if (end === 0) {
      rewritten.push(...tokens.slice(i, i + 1));
      i++;
      continue;
    }
    const inside = tokens[start]?.type === 'OpenParen' ? tokens.slice(start + 1, end - 1) : tokens.slice(start, end);
    rewritten.push(
      token('Pipe', '|'),
      token('Identifier', negated ? NOT_TEST : TEST),
      token('OpenParen', '('),
      token('StringLiteral', tokens[at]?.value ?? ''),
      token('Comma', ','),
      ...withTests(inside),
      token('CloseParen', ')'),
    );
    i = end;
  }
  return rewritten;
}

function isWord(one: Token | undefined, word: string): boolean {
  return one?.type === 'Identifier' && one.value === word;
}

const STARTS_ARGUMENT = new Set([
  'Identifier',
  'StringLiteral',
  'NumericLiteral',
  'OpenParen',
  'OpenSquareBracket',
  'OpenCurlyBracket',
]);

/** Where the argument of the test named at `name` starts and ends (both 0 without one): in brackets, or one value. */
function argumentsAfter(tokens: readonly Token[], name: number): [start: number, end: number] {
  const start = name + 1;
  const first = tokens[start];
  if (tokens[name]?.type !== 'Identifier' || first === undefined || !STARTS_ARGUMENT.has(first.type)) return [0, 0];
  if (first.type === 'Identifier' && BEFORE_GROUP.has(first.value)) return [0, 0];
  if (first.type === 'OpenParen') return [start, closing(tokens, start) + 1];
  let end = first.type.startsWith('Open') ? closing(tokens, start) + 1 : start + 1;
  for (;;) {
    const type = tokens[end]?.type;
    if (type === 'Dot') end += 2;
    else if (type === 'OpenParen' || type === 'OpenSquareBracket') end = closing(tokens, end) + 1;
    else if (type === 'StringLiteral' && first.type === 'StringLiteral') end++;
    else return [start, end];
  }
}

const OPENING = /^Open(?:Paren|SquareBracket|CurlyBracket)$/;

/** The bracket that closes the one at `open`; the last token when none does, which the parser then reports. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const type = tokens[i]?.type ?? '';
    if (OPENING.test(type)) depth++;
    else if (/^Close(?:Paren|SquareBracket|CurlyBracket)$/.test(type) && --depth === 0) return i;
  }
  return tokens.length - 1;
}

function call(name: string, text: string): Token[] {
  return [token('Identifier', name), token('OpenParen', '('), token('StringLiteral', text), token('CloseParen', ')')];
}

/** The tokenizer cuts `1_000.5e-3` into `1`, `_000`, `.`, ..: the longest run of tokens that is one number. */
function numberAt(tokens: readonly Token[], start: number): { length: number; text: string } {
  let best = { length: 0, text: '' };
  if (tokens[start]?.type !== 'NumericLiteral') return best;
  let text = '';
  for (const [i, { type, value }] of tokens.slice(start, start + LONGEST).entries()) {
    const signed = type === 'AdditiveBinaryOperator' || type === 'UnaryOperator' ? /e$/i.test(text) : false;
    const digits = type === 'NumericLiteral' ? i === 0 || /e[-+]$/i.test(text) : false;
    const tail = type === 'Identifier' && /^(?:_\d+)*(?:_?\d*)?(?:e\d*)?$/i.test(value);
    if (!signed && !digits && !tail) break;
    text += value;
    if (parseNumber(text) !== undefined) best = { length: i + 1, text };
  }
  return best;
}
/** Tokens of one number: digits, a tail, a sign, more digits. */
const LONGEST = 5;
