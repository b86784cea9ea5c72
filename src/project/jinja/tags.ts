import { TemplateError } from './values.ts';

/** A stretch of a template: plain text, or the inside of `{{ }}` or `{% %}` without the white space control. */
export interface Segment {
  readonly kind: 'text' | 'expression' | 'statement';
  readonly text: string;
  /** Of its first character, from 1. */
  readonly line: number;
}

const OPENING = /\{[{%#]/g;
const RAW_END = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

/** A TemplateError with the line of the template it was found on. */
export class TemplateSyntaxError extends TemplateError {
  readonly line: number;
  constructor(message: string, line: number, hint?: string) {
    super(message, hint);
    this.line = line;
  }
}

/**
 * Cuts a template at its tags, as Jinja does with its default settings: a `-` inside a tag eats the white space beside
 * it, comments vanish, `raw` blocks are text, and one line end at the end of the file is dropped.
 * https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control
 */
export function scanTags(source: string): Segment[] {
  const scanner = new TagScanner(source.replaceAll('\r\n', '\n').replace(/\n$/, ''));
  return scanner.scan();
}

class TagScanner {
  readonly #source: string;
  readonly #segments: Segment[] = [];
  #at = 0;
  #line = 1;
  #lineCountedTo = 0;
  #trimNext = false;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): Segment[] {
    for (;;) {
      OPENING.lastIndex = this.#at;
      const opening = OPENING.exec(this.#source);
      if (opening === null) {
        this.#text(this.#source.length, false);
        return this.#segments;
      }
      this.#text(opening.index, this.#source[opening.index + 2] === '-');
      if (opening[0] === '{#') this.#comment(opening.index);
      else this.#tag(opening.index, opening[0] === '{{' ? 'expression' : 'statement');
    }
  }

  #text(end: number, trimEnd: boolean): void {
    const line = this.#lineAt(this.#at);
    let text = this.#source.slice(this.#at, end);
    if (this.#trimNext) text = text.trimStart();
    if (trimEnd) text = text.trimEnd();
    if (text !== '') this.#segments.push({ kind: 'text', text, line });
    this.#at = end;
    this.#trimNext = false;
  }

  #comment(start: number): void {
    const end = this.#source.indexOf('#}', start + 2);
    if (end < 0) throw new TemplateSyntaxError('a comment is not closed', this.#lineAt(start), 'end it with #}');
    this.#trimNext = this.#source[end - 1] === '-' && end - 1 > start + 1;
    this.#at = end + 2;
  }

  #tag(start: number, kind: 'expression' | 'statement'): void {
    const line = this.#lineAt(start);
    const end = this.#endOfTag(start, kind === 'expression' ? '}}' : '%}', line);
    let from = start + 2;
    let to = end;
    if ('-+'.includes(this.#source[from] ?? ' ')) from++;
    if ('-+'.includes(this.#source[to - 1] ?? ' ') && to > from) to--;
    this.#trimNext = this.#source[end - 1] === '-' && end > from;
    this.#at = end + 2;
    const text = this.#source.slice(from, to).trim();
    if (kind === 'statement' && text === 'raw') this.#raw(line);
    else this.#segments.push({ kind, text, line });
  }

  #raw(line: number): void {
    RAW_END.lastIndex = this.#at;
    const end = RAW_END.exec(this.#source);
    if (end === null) throw new TemplateSyntaxError('a raw block is not closed', line, 'end it with {% endraw %}');
    this.#text(end.index, end[1] === '-');
    this.#at = end.index + end[0].length;
    this.#trimNext = end[2] === '-';
  }

  /** The place of the closing delimiter, outside strings and curly brackets. */
  #endOfTag(start: number, close: string, line: number): number {
    let depth = 0;
    for (let i = start + 2; i < this.#source.length; i++) {
      const char = this.#source[i] as string;
      if (char === "'" || char === '"') i = this.#endOfString(i, line);
      else if (depth === 0 && this.#source.startsWith(close, i)) return i;
      else if (char === '{') depth++;
      else if (char === '}') depth--;
    }
    throw new TemplateSyntaxError(`a tag is not closed`, line, `end it with ${close}`);
  }

  #endOfString(start: number, line: number): number {
    for (let i = start + 1; i < this.#source.length; i++) {
      if (this.#source[i] === '\\') i++;
      else if (this.#source[i] === this.#source[start]) return i;
    }
    throw new TemplateSyntaxError('a string inside a tag is not closed', line);
  }

  /** Lines are counted on the way; places only ever grow. */
  #lineAt(place: number): number {
    for (; this.#lineCountedTo < place; this.#lineCountedTo++) {
      if (this.#source[this.#lineCountedTo] === '\n') this.#line++;
    }
    return this.#line;
  }
}
