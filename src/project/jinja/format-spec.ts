import { Float, floatText, isNumber, numeric, truncated } from '../../core/numbers.ts';
import { fixedText } from './rounding.ts';
import { TemplateError, repr, text, typeName, type Value } from './values.ts';

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su;

/**
 * A value by a format specification of Python, what stands behind the colon of `'{:>8,.2f}'`:
 * https://docs.python.org/3/library/string.html#format-specification-mini-language
 * Throws TemplateError for one that Python refuses, too.
 */
export function formatSpec(value: Value, spec: string): string {
  if (spec === '') return text(value);
  const found = SPEC.exec(spec);
  if (found === null) throw new TemplateError(`Invalid format specifier '${spec}'`);
  const [, fill = ' ', align, sign = '-', , zero, width = '0', group, precision, type] = found;
  const isText = type === 's' || (type === undefined && !isNumber(value) && typeof value !== 'boolean');
  if (isText) {
    // Python formats other objects by no specification of their own
    if (typeof value !== 'string') throw new TemplateError(`unsupported format string passed to a ${typeName(value)}`);
    const shown = precision === undefined ? value : Array.from(value).slice(0, Number(precision)).join('');
    return padded(shown, align ?? '<', fill, Number(width));
  }
  const { negative, digits } = numberText(value, type, precision === undefined ? null : Number(precision), spec);
  const grouped = group === undefined ? digits : withGroups(digits, group);
  const before = negative ? '-' : sign === '-' ? '' : sign;
  if (align === '=' || (zero !== undefined && align === undefined))
    return before + grouped.padStart(Number(width) - before.length, align === '=' ? fill : '0');
  return padded(before + grouped, align ?? '>', zero === undefined ? fill : '0', Number(width));
}

function numberText(
  value: Value,
  type: string | undefined,
  precision: number | null,
  spec: string,
): { negative: boolean; digits: string } {
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (!isNumber(number)) throw new TemplateError(`'{:${spec}}' needs a number, not a ${typeName(value)}`);
  const exact = numeric(number);
  const negative = exact < 0 || Object.is(exact, -0);
  const size = Math.abs(Number(exact));
  const isFloat = number instanceof Float;
  const whole = (): bigint => {
    if (isFloat) throw new TemplateError(`'{:${spec}}' needs a whole number`);
    const cut = BigInt(truncated(exact));
    return cut < 0n ? -cut : cut;
  };
  const digits = (): string => {
    switch (type) {
      case undefined:
        if (!isFloat) return String(whole());
        return precision === null ? floatText(size) : general(size, precision, true);
      case 'd':
      case 'n':
        return String(whole());
      case 'b':
      case 'o':
      case 'x':
        return whole().toString({ b: 2, o: 8, x: 16 }[type]);
      case 'X':
        return whole().toString(16).toUpperCase();
      case 'c':
        return String.fromCodePoint(Number(whole()));
      case '%':
        return `${fixedText(size * 100, precision ?? 6)}%`;
      case 'e':
      case 'E':
        return exponent(size.toExponential(precision ?? 6), type);
      case 'g':
      case 'G':
        return general(size, precision ?? 6, false);
      default:
        return fixedText(size, precision ?? 6);
    }
  };
  return { negative, digits: digits() };
}

/** Python's `g`: so many significant digits, without zeros at the end. */
function general(size: number, precision: number, keepsPoint: boolean): string {
  const digits = Math.max(1, precision);
  const power = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1]);
  const trimmed = (fixed: string): string => (fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed);
  if (power < -4 || power >= digits) {
    const [mantissa = '', by = '0'] = size.toExponential(digits - 1).split('e');
    return exponent(`${trimmed(mantissa)}e${by}`, 'e');
  }
  const fixed = trimmed(size.toFixed(Math.max(0, digits - 1 - power)));
  return keepsPoint && !fixed.includes('.') ? `${fixed}.0` : fixed;
}

/** Python writes exponents with two digits at least. */
function exponent(written: string, letter: string): string {
  return written.replace(/e([-+])(\d+)$/, (_, sign: string, by: string) => `${letter}${sign}${by.padStart(2, '0')}`);
}

function withGroups(digits: string, separator: string): string {
  const [whole = '', ...rest] = digits.split('.');
  return [whole.replaceAll(/\B(?=(?:\d{3})+$)/g, separator), ...rest].join('.');
}

function padded(shown: string, align: string, fill: string, width: number): string {
  const missing = Math.max(0, width - Array.from(shown).length);
  if (align === '>') return fill.repeat(missing) + shown;
  if (align === '<') return shown + fill.repeat(missing);
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + shown + fill.repeat(missing - left);
}

/** A value as `!r`, `!s` or `!a` behind the field of `'{!r}'` has it. */
export function converted(value: Value, conversion: string | undefined): Value {
  if (conversion === undefined) return value;
  if (conversion === 's') return text(value);
  const shown = repr(value);
  if (conversion === 'r') return shown;
  return shown.replaceAll(/[\u{80}-\u{10ffff}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16)}`
      : code < 0x10000
        ? `\\u${code.toString(16).padStart(4, '0')}`
        : `\\U${code.toString(16).padStart(8, '0')}`;
  });
}
