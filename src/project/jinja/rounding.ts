import { compute, Float, numeric, type Whole } from '../../core/numbers.ts';

/** Python's `round(value, digits)`: half to even, by the exact value of a float; a whole number stays one. */
export function roundHalfEven(value: Whole | Float, digits: number): Whole | Float {
  if (!(value instanceof Float)) return digits >= 0 ? value : roundWhole(value, BigInt(10) ** BigInt(-digits));
  const number = value.value;
  if (!Number.isFinite(number) || digits > MOST_DIGITS || Math.abs(number) >= 1e21) return value;
  if (digits < 0) return new Float(Math.round(number / 10 ** -digits) * 10 ** -digits);
  const size = Math.abs(number);
  // toFixed is exact, and gives the greater of two equally near
  const up = size.toFixed(digits);
  const [, fraction = ''] = size.toFixed(FRACTION_DIGITS).split('.');
  const tie = /^50*$/.test(fraction.slice(digits));
  const rounded = tie ? halfEven(size, digits) : Number(up);
  return new Float(number < 0 ? -rounded : rounded);
}

/** So many digits after the point, as Python writes them: half to even. */
export function fixedText(number: number, digits: number): string {
  const rounded = roundHalfEven(new Float(number), digits);
  return (rounded instanceof Float ? rounded.value : Number(rounded)).toFixed(digits);
}

/** Beyond these a double has no digits to round, or toFixed none to tell a tie by. */
const MOST_DIGITS = 60;
const FRACTION_DIGITS = 100;

/** A tie has no digits after the 5, so scaling it is exact. */
function halfEven(size: number, digits: number): number {
  const down = Math.floor(size * 10 ** digits);
  return (down % 2 === 0 ? down : down + 1) / 10 ** digits;
}

function roundWhole(value: Whole, unit: bigint): Whole | Float {
  const exact = BigInt(value);
  const rest = ((exact % unit) + unit) % unit;
  const down = exact - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n !== 0n);
  return compute('+', down, up ? unit : 0n) ?? value;
}

/** Jinja's `round(digits, 'ceil')` and `'floor'`: always a float. */
export function roundToSide(value: Whole | Float, digits: number, side: 'ceil' | 'floor'): Float {
  const scale = 10 ** digits;
  const scaled = Number(numeric(value)) * scale;
  return new Float((side === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
}
