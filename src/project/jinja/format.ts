import { Float, floatText, isNumber, numeric, truncated } from '../../core/numbers.ts';
import { converted, formatSpec } from './format-spec.ts';
import { fixedText } from './rounding.ts';
import { TemplateError, Tuple, repr, text, typeName, type Value } from './values.ts';

/** Python's `'%s and %d' % (a, b)`: s, r, d, i, f, x with flags `-`, `0`, width and precision; `%(name)s` from a dict. */
export function formatPercent(pattern: string, argument: Value): string {
  const values = argument instanceof Tuple ? [...argument] : [argument];
  let next = 0;
  let named = false;
  const result = pattern.replaceAll(
    /%(?:\((\w+)\))?([-0]*)(\d*)(?:\.(\d+))?(.)/g,
    (match, name: string | undefined, flags: string, width: string, precision: string | undefined, type: string) => {
      if (type === '%') return '%';
      named ||= name !== undefined;
      const value = name === undefined ? values[next++] : argument instanceof Map ? argument.get(name) : undefined;
      if (value === undefined) throw new TemplateError(`no value for ${match} in ${repr(pattern)}`);
      const body = formatOne(type, value, precision, match);
      if (flags.includes('-')) return body.padEnd(Number(width));
      return flags.includes('0') && type !== 's' ? zeroPadded(body, Number(width)) : body.padStart(Number(width));
    },
  );
  if (!named && next < values.length && !(argument instanceof Map))
    throw new TemplateError(`not all values are used by ${repr(pattern)}`);
  return result;
}

const FIELD = /^(\w*)(?:!([rsa]))?(?::(.*))?$/s;

/** Python's `'{} {name!r:>8}'.format(a, name=b)`: fields with conversions and format specifications, but no attributes or items of them. */
export function formatBraces(pattern: string, positional: readonly Value[], named: ReadonlyMap<string, Value>): string {
  let next = 0;
  const given = (name: string): Value | undefined =>
    name === '' ? positional[next++] : /^\d+$/.test(name) ? positional[Number(name)] : named.get(name);
  const filled = (template: string): string =>
    template.replaceAll(/\{\{|\}\}|\{((?:[^{}]|\{[^{}]*\})*)\}/g, (match, field: string | undefined) => {
      if (field === undefined) return match[0] as string;
      const parts = FIELD.exec(field);
      if (parts === null)
        throw new TemplateError(`${match} is not supported in format()`, 'only {}, {0} and {name} are');
      const [, name = '', conversion, spec = ''] = parts;
      const value = given(name);
      if (value === undefined) throw new TemplateError(`no value for ${match} in ${repr(pattern)}`);
      return formatSpec(converted(value, conversion), filled(spec));
    });
  return filled(pattern);
}

function formatOne(type: string, value: Value, precision: string | undefined, match: string): string {
  if (type === 's') return text(value).slice(0, precision === undefined ? undefined : Number(precision));
  if (type === 'r') return repr(value);
  if (!isNumber(value)) throw new TemplateError(`${match} needs a number, not a ${typeName(value)}`);
  if (type === 'd' || type === 'i') return String(truncated(numeric(value)));
  if (type === 'f') return fixedText(Number(numeric(value)), precision === undefined ? 6 : Number(precision));
  if (type === 'x') return truncated(numeric(value)).toString(16);
  throw new TemplateError(`${match} is not supported`, 'use %s, %r, %d, %i, %f or %x');
}

function zeroPadded(body: string, width: number): string {
  return body.startsWith('-') ? `-${body.slice(1).padStart(width - 1, '0')}` : body.padStart(width, '0');
}

/** JSON as `json.dumps` of Python writes it: `, ` and `: ` between the parts, other letters than ASCII escaped. */
export function toJson(value: unknown, sortKeys: boolean, indent = 0, depth = 0): string {
  const [open, separator, close] = indent === 0 ? ['', ', ', ''] : brackets(indent, depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${open}${value.map((item) => toJson(item, sortKeys, indent, depth + 1)).join(separator)}${close}]`;
  }
  if (value instanceof Float) return jsonFloat(value.value);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    if (sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const parts = entries.map(([k, v]) => `${asciiJson(k)}: ${toJson(v, sortKeys, indent, depth + 1)}`);
    return `{${open}${parts.join(separator)}${close}}`;
  }
  return asciiJson(value);
}

function brackets(indent: number, depth: number): [string, string, string] {
  const inner = `\n${' '.repeat(indent * (depth + 1))}`;
  return [inner, `,${inner}`, `\n${' '.repeat(indent * depth)}`];
}

function asciiJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : jsonFloat(value);
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Python's JSON knows numbers that JSON does not. */
function jsonFloat(value: number): string {
  return Number.isNaN(value) ? 'NaN' : floatText(value).replace('inf', 'Infinity');
}
