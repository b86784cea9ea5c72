import { Float, isNumber, numeric, parseNumber } from '../../core/numbers.ts';
import { bind, wholeArgument } from './arguments.ts';
import { formatPercent } from './format.ts';
import type { Filter } from './list-filters.ts';
import { justified } from './string-methods.ts';
import { wrappedLines } from './text-wrap.ts';
import { items, TemplateError, text, truthy, typeName, Undefined, type Value } from './values.ts';

export const indent: Filter = (value, args) => {
  const { width, first, blank } = bind('indent', args, ['width', 'first', 'blank']);
  const space = typeof width === 'string' ? width : ' '.repeat(wholeArgument('indent', width ?? 4));
  const indented = text(value)
    .split('\n')
    .map((line, i) => (i === 0 || (line === '' && !truthy(blank ?? false)) ? line : space + line))
    .join('\n');
  return truthy(first ?? false) ? space + indented : indented;
};

/** Lists that are short enough stay what they are, as in Jinja. */
export const truncate: Filter = (value, args) => {
  const { length, killwords, end, leeway } = bind('truncate', args, ['length', 'killwords', 'end', 'leeway']);
  const most = wholeArgument('truncate', length ?? 255);
  const ending = text(end ?? '...');
  const chars = typeof value === 'string' ? Array.from(value) : [];
  const size = typeof value === 'string' ? chars.length : items(value).length;
  if (size <= most + wholeArgument('truncate', leeway ?? 5)) return value;
  if (typeof value !== 'string') throw new TemplateError(`truncate needs a string, not a ${typeName(value)}`);
  const kept = chars.slice(0, Math.max(0, most - ending.length)).join('');
  const lastBlank = truthy(killwords ?? false) ? -1 : kept.lastIndexOf(' ');
  return (lastBlank === -1 ? kept : kept.slice(0, lastBlank)) + ending;
};

export const center: Filter = (value, args) => {
  const { width } = bind('center', args, ['width']);
  return justified(text(value), { positional: [width ?? 80], named: new Map() }, 'center', '^');
};

export const wordwrap: Filter = (value, args) => {
  const bound = bind('wordwrap', args, ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens']);
  const width = wholeArgument('wordwrap', bound.width ?? 79);
  if (width < 1) throw new TemplateError('wordwrap needs a width of at least 1');
  const how = {
    width,
    breakLongWords: truthy(bound.break_long_words ?? true),
    breakOnHyphens: truthy(bound.break_on_hyphens ?? true),
  };
  const end = text(bound.wrapstring ?? '\n');
  const lines = text(value).replace(/(?:\r\n|[\n\r])$/, '');
  if (lines === '') return '';
  return lines
    .split(/\r\n|[\n\r]/)
    .map((line) => wrappedLines(line, how).join(end))
    .join(end);
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

/** For HTML. What has been escaped is a text as any other: there is no Markup. */
export function escaped(value: Value): string {
  return text(value).replaceAll(/[&<>'"]/g, (char) => ESCAPES[char] as string);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** Without comments and tags of HTML, in one line; numbered entities and those of XML are what they stand for. */
export const striptags: Filter = (value) =>
  text(value)
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/<[^>]*>/g, '')
    .split(/\s+/)
    .filter(Boolean)
    .join(' ')
    .replaceAll(/&(?:#(\d+)|#[xX]([\da-fA-F]+)|(\w+));/g, (match, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? match;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : match;
    });

/** A text, or the entries of a dict or pairs of a list as a query string. */
export const urlencode: Filter = (value) => {
  if (typeof value === 'string' || isNumber(value) || value === null || value instanceof Undefined)
    return quoted(text(value), true);
  const pairs: readonly (readonly Value[])[] =
    value instanceof Map ? [...value] : items(value).map((one) => items(one));
  return pairs
    .map((pair) => {
      if (pair.length !== 2) throw new TemplateError('urlencode needs pairs of a name and a value');
      return pair.map((one) => quoted(text(one), false).replaceAll('%20', '+')).join('=');
    })
    .join('&');
};

/** Python's urllib.parse.quote. */
function quoted(part: string, keepsSlash: boolean): string {
  const encoded = encodeURIComponent(part).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return keepsSlash ? encoded.replaceAll('%2F', '/') : encoded;
}

/** The attributes of a tag of HTML, after a blank. */
export const xmlattr: Filter = (value, args) => {
  const { autospace } = bind('xmlattr', args, ['autospace']);
  if (!(value instanceof Map)) throw new TemplateError(`xmlattr needs a dict, not a ${typeName(value)}`);
  const there = [...value].filter(([, one]) => one !== null && !(one instanceof Undefined));
  const parts = there.map(([key, one]) => {
    if (/[\s/>=]/.test(text(key))) throw new TemplateError(`${text(key)} cannot be the name of an attribute`);
    return `${escaped(key)}="${escaped(one)}"`;
  });
  return parts.length > 0 && truthy(autospace ?? true) ? ` ${parts.join(' ')}` : parts.join(' ');
};

export const filesizeformat: Filter = (value, args) => {
  const isBinary = truthy(bind('filesizeformat', args, ['binary']).binary ?? false);
  const parsed = isNumber(value) ? value : typeof value === 'string' ? parseNumber(value) : undefined;
  if (parsed === undefined) throw new TemplateError(`filesizeformat needs a number, not a ${typeName(value)}`);
  const bytes = Number(numeric(parsed));
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const prefixes = isBinary
    ? ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']
    : ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
  const found = prefixes.findIndex((_, i) => bytes < base ** (i + 2));
  const at = found === -1 ? prefixes.length - 1 : found;
  return `${formatPercent('%.1f', new Float((base * bytes) / base ** (at + 2)))} ${prefixes[at]}`;
};

/** Words start after white space, `-` and opening brackets here, and the text method's after any other sign. */
export const title: Filter = (value) =>
  text(value).replaceAll(/[^-\s({[<]+/g, (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase());

export const wordcount: Filter = (value) => text(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0;
