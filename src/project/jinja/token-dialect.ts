import type { tokenize } from '@huggingface/jinja';
import { parseNumber } from './numbers.ts';

export type Token = ReturnType<typeof tokenize>[number];

/** The function that a number stands for which the parser would read differently; no template can name it. */
export const NUMBER = '%number';

const token = (type: Token['type'], value: string): Token => ({ type, value });

/**
 * What Jinja has and the parser of `@huggingface/jinja` has not, in terms of what it has. Here: numbers such as `1e3`,
 * `1_000` and whole ones beyond 2^53, which become a call with their text.
 */
export function inParserTerms(tokens: readonly Token[]): Token[] {
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
