import { parse, tokenize } from '@huggingface/jinja';
import type { MacroStatement, Statement } from './ast.ts';
import { inParserTerms, type Token } from './token-dialect.ts';
import { scanTags, TemplateSyntaxError, type Segment } from './tags.ts';

/** A parsed file. Comment nodes in the body carry the line of the tag that follows. */
export interface Template {
  /** As errors name it. */
  readonly file: string;
  readonly body: readonly Statement[];
  /** Macros at the top level; a generic test NAME is the macro `test_NAME`. */
  readonly macros: readonly MacroStatement[];
  /** Names of materializations that the file defines: they are left out. */
  readonly materializations: readonly string[];
  /** What was left out, a sentence each. */
  readonly warnings: readonly string[];
}

/** The variable that takes the value of a `do`; no template can name it. */
export const DISCARD = '%do';

/** The filter that a `with` block becomes: its arguments are the block's names. */
export const WITH = '%with';

/**
 * Parses a template with the tokenizer and parser of `@huggingface/jinja`, tag by tag, so that lines are known, and
 * with what dbt's Jinja has beyond it: `do`, `raw`, `test` blocks. Materializations are left out, with a warning.
 * Throws TemplateSyntaxError.
 */
export function parseTemplate(source: string, file: string): Template {
  const warnings: string[] = [];
  const materializations: string[] = [];
  const segments = withoutMaterializations(scanTags(source), file, warnings, materializations);
  const tokens: Token[] = [];
  const lines: number[] = [];
  for (const segment of segments) {
    for (const token of tokensOf(segment)) {
      tokens.push(token);
      lines.push(segment.line);
    }
  }
  const body = parseTokens(tokens, lines);
  const macros = body.filter((node): node is MacroStatement => node.type === 'Macro');
  return { file, body, macros, materializations, warnings };
}

function tokensOf(segment: Segment): Token[] {
  const { kind, line } = segment;
  if (kind === 'text') return [{ type: 'Text', value: segment.text }];
  const marker: Token = { type: 'Comment', value: String(line) };
  const [open, close] = kind === 'expression' ? ['{{', '}}'] : ['{%', '%}'];
  const source = kind === 'statement' ? dialect(segment.text) : segment.text;
  try {
    return [marker, ...inParserTerms(tokenize(`${open} ${pythonStrings(source)} ${close}`)).map(ownName)];
  } catch (error) {
    throw new TemplateSyntaxError(readable(error), line);
  }
}

const STRINGS = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/g;
const ESCAPES = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{1,3}|[^])/g;

/** Strings with Python's escapes in those that the tokenizer knows: numbers of characters, and `\d`, which stays as it is. */
function pythonStrings(source: string): string {
  return source.replaceAll(STRINGS, (string) =>
    string.replaceAll(ESCAPES, (whole, escape: string) => {
      if ('ntrbfv\'"\\'.includes(escape)) return whole;
      if (escape === '\n') return '';
      if (escape === 'a') return '\u0007';
      const digits = /^[xu]/.test(escape) && escape.length > 1 ? Number.parseInt(escape.slice(1), 16) : Number.NaN;
      const code = /^[0-7]/.test(escape) ? Number.parseInt(escape, 8) : digits;
      if (Number.isNaN(code)) return `\\\\${escape}`;
      const char = String.fromCodePoint(code);
      return '\'"\\'.includes(char) ? `\\${char}` : char;
    }),
  );
}

/** dbt's own statements in terms of Jinja's. */
function dialect(statement: string): string {
  const word = /^\w+/.exec(statement)?.[0] ?? '';
  const rest = statement.slice(word.length);
  if (word === 'do') return `set __discard__ = ${rest}`;
  if (word === 'with') return `filter __with__(${rest})`;
  if (word === 'endwith') return 'endfilter';
  if (word === 'test') return `macro test_${rest.trimStart()}`;
  if (word === 'data_test') return `macro test_${rest.trimStart()}`;
  if (word === 'endtest' || word === 'enddata_test') return 'endmacro';
  return statement;
}

/** What stands for names that no template can use, until it has been cut into tokens. */
const PLACEHOLDERS: Readonly<Record<string, string>> = { __discard__: DISCARD, __with__: WITH };

function ownName(token: Token): Token {
  const value = PLACEHOLDERS[token.value];
  return value === undefined || token.type !== 'Identifier' ? token : { type: 'Identifier', value };
}

function withoutMaterializations(
  segments: readonly Segment[],
  file: string,
  warnings: string[],
  names: string[],
): Segment[] {
  const kept: Segment[] = [];
  let inside = false;
  for (const segment of segments) {
    const statement = segment.kind === 'statement' ? segment.text : '';
    const opening = /^materialization\s+(\w+)/.exec(statement);
    if (opening !== null) {
      inside = true;
      names.push(opening[1] as string);
      warnings.push(`${file}:${segment.line}: custom materializations are not run (${statement})`);
    }
    if (!inside) kept.push(segment);
    if (/^endmaterialization\b/.test(statement)) inside = false;
  }
  return kept;
}

function parseTokens(tokens: Token[], lines: readonly number[]): readonly Statement[] {
  let furthest = 0;
  // the parser's errors have no place: the furthest token it looked at tells it
  const watched = new Proxy(tokens, {
    get(target, property, receiver): unknown {
      const index = typeof property === 'string' ? Number(property) : Number.NaN;
      if (index > furthest) furthest = index;
      return Reflect.get(target, property, receiver);
    },
  });
  try {
    return parse(watched).body as Statement[];
  } catch (error) {
    if (furthest >= tokens.length) {
      throw new TemplateSyntaxError(
        'the file ends inside a block',
        lines.at(-1) ?? 1,
        'is an endif, endfor, endmacro, endset or endcall missing?',
      );
    }
    throw new TemplateSyntaxError(readable(error), lines[furthest] ?? 1);
  }
}

/** What the parser calls a token, as a template has it. */
const WRITTEN: Readonly<Record<string, string>> = {
  Text: 'the text after the tag',
  Comment: 'the end of the tag',
  NumericLiteral: 'a number',
  StringLiteral: 'a text',
  Identifier: 'a name',
  Equals: '=',
  OpenParen: '(',
  CloseParen: ')',
  OpenStatement: '{%',
  CloseStatement: '%}',
  OpenExpression: '{{',
  CloseExpression: '}}',
  OpenSquareBracket: '[',
  CloseSquareBracket: ']',
  OpenCurlyBracket: '{',
  CloseCurlyBracket: '}',
  Comma: ',',
  Dot: '.',
  Colon: ':',
  Pipe: '|',
};

function readable(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error))
    .replace(/^Parser Error: /, '')
    .replace(/\.$/, '')
    .replace(/^Unexpected token(?: type)?: (\w+)$/, (all, token: string) => {
      const written = WRITTEN[token];
      return written === undefined ? all : `unexpected ${written}`;
    });
  return `the template cannot be read: ${message}`;
}
