import { isIsoDateTime, isRealDate } from './iso-datetime.ts';

/** What dbt takes a column of a seed for. */
export type ValueKind = 'number' | 'date' | 'timestamp' | 'boolean' | 'text';

/** Values that are null for every kind but text, where they are also; dbt's own words, not agate's. */
const NULLS = new Set(['', 'null']);
const CURRENCY = new Set('؋$ƒ៛¥₡₱£€¢﷼₪₩₭₮₦฿₤₫');
/** Significant digits of Python's decimal context. */
const PRECISION = 28;

/** A finite number by its digits: `digits * 10 ** exponent`, without zeros at the end. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

/**
 * The kind of a column by its values, as dbt infers it (dbt_common/clients/agate_helper.py over agate's type tester): the first in
 * the order of {@link ORDER} that each value has. `2020-01-01` beside `2020-01-01 10:00:00` is text, and so is one ISO form of a time
 * beside another.
 */
export function kindOf(values: readonly string[]): ValueKind {
  return ORDER.find(([, has]) => values.every((value) => isNull(value) || has(value)))?.[0] ?? 'text';
}

const ORDER: readonly (readonly [ValueKind, (value: string) => boolean])[] = [
  ['number', (value) => decimalOf(value) !== null],
  ['date', (value) => isDate(value)],
  ['timestamp', (value) => isPlainTimestamp(value)],
  ['timestamp', (value) => isIsoDateTime(strip(value))],
  ['boolean', (value) => ['true', 'false'].includes(strip(value.replaceAll(',', '')).toLowerCase())],
];

export function isNull(value: string): boolean {
  return NULLS.has(strip(value).toLowerCase());
}

/** Whether a column of numbers needs fractions (dbt: float8, otherwise integer). `1.0` needs none. */
export function needsFractions(values: readonly string[]): boolean {
  let [whole, fraction] = [1, 0];
  for (const value of values) {
    const decimal = isNull(value) ? null : decimalOf(value);
    if (decimal === null || decimal === 'not finite') continue;
    // Beyond a double it counts as infinite there.
    if (!Number.isFinite(Number(`${decimal.digits}e${decimal.exponent}`))) continue;
    whole = Math.max(whole, decimal.digits.length + decimal.exponent);
    fraction = Math.max(fraction, -decimal.exponent);
  }
  return (whole + fraction > PRECISION ? PRECISION - whole : fraction) !== 0;
}

/** Python's `str.strip`, whose white space has four separators more than JavaScript's and no byte order mark. */
function strip(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are white space there
  return text.replaceAll(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, '');
}

/** A number as agate reads it: percent and currency signs around it and commas within do not count. */
function decimalOf(value: string): Decimal | 'not finite' | null {
  let text = trimmed(plainDigits(strip(value)), new Set('%'));
  if (text.startsWith('-')) text = text.slice(1);
  text = strip(trimmed(text, CURRENCY).replaceAll(',', '')).replaceAll('_', '');
  if (/^[+-]?(inf|infinity|nan\d*)$/i.test(text)) return 'not finite';
  const [, whole = '', fraction = '', power = '0'] =
    /^[+-]?(?=\.?\d)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  if (whole + fraction === '') return null;
  return rounded((whole + fraction).replace(/^0+(?=\d)/, ''), Number(power) - fraction.length);
}

/** Digits of other scripts as 0 to 9; Unicode has ten of each in a row, from zero on. */
function plainDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => {
    let first = digit.codePointAt(0) as number;
    const code = first;
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
    return String((code - first) % 10);
  });
}

/** Rounded to the context's digits, half to even, without zeros at the end. */
function rounded(digits: string, exponent: number): Decimal {
  let [kept, power] = [digits, exponent];
  if (kept.length > PRECISION) {
    const cut = kept.length - PRECISION;
    const unit = 10n ** BigInt(cut);
    const number = BigInt(kept);
    const rest = (number % unit) * 2n;
    let quotient = number / unit;
    if (rest > unit || (rest === unit && quotient % 2n === 1n)) quotient++;
    kept = quotient.toString();
    power += cut;
  }
  const short = kept.replace(/0+$/, '');
  if (short === '') return { digits: '0', exponent: 0 };
  return { digits: short, exponent: power + kept.length - short.length };
}

function trimmed(text: string, signs: ReadonlySet<string>): string {
  const characters = Array.from(text);
  let [from, to] = [0, characters.length];
  while (from < to && signs.has(characters[from] as string)) from++;
  while (to > from && signs.has(characters[to - 1] as string)) to--;
  return characters.slice(from, to).join('');
}

/** `strptime` with `%Y-%m-%d`: months and days may have one digit. */
function isDate(value: string): boolean {
  const [, year, month, day] = /^(\d{4})-(1[0-2]|0?[1-9])-(3[01]|[12]\d|0?[1-9]| [1-9])$/.exec(strip(value)) ?? [];
  return year !== undefined && isRealDate(Number(year), Number(month), Number(day));
}

/** `strptime` with `%Y-%m-%d %H:%M:%S`. */
function isPlainTimestamp(value: string): boolean {
  const [, date, second] =
    /^(\S+-\S+-\s?\S+)\s+(?:2[0-3]|[01]\d|\d):(?:[0-5]\d|\d):(6[01]|[0-5]\d|\d)$/.exec(strip(value)) ?? [];
  return date !== undefined && isDate(date) && Number(second) < 60;
}
