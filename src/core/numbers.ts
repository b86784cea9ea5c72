/**
 * Python's numbers. A whole number of any size is exact: a JavaScript number as long as that is safe, a bigint beyond
 * 2^53. Any other number is a `Float`, also when it has no fraction, so that `1.0` stays `1.0`.
 */
export type Whole = number | bigint;

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    return floatText(this.value);
  }

  toJSON(): number {
    return this.value;
  }
}

/** The one form of a whole number: a number where that is exact. */
export function whole(value: bigint): Whole {
  return value <= MAX_SAFE && value >= -MAX_SAFE ? Number(value) : value;
}
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** For JSON.stringify, which refuses bigints. */
export function largeAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

export function isWhole(value: unknown): value is Whole {
  return typeof value === 'number' || typeof value === 'bigint';
}

export function isNumber(value: unknown): value is Whole | Float | boolean {
  return isWhole(value) || typeof value === 'boolean' || value instanceof Float;
}

/** The value as JavaScript compares it: numbers and bigints compare exactly with each other. */
export function numeric(value: Whole | Float | boolean): Whole {
  if (value instanceof Float) return value.value;
  return typeof value === 'boolean' ? Number(value) : value;
}

export function compareNumbers(left: Whole, right: Whole): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The whole part of a number. */
export function truncated(value: Whole): Whole {
  if (typeof value === 'bigint') return value;
  const cut = Math.trunc(value);
  return Number.isSafeInteger(cut) ? cut : whole(BigInt(cut));
}

/** The number a literal of Jinja or a text gives, `_` between digits left out; undefined when it is none. */
export function parseNumber(text: string): Whole | Float | undefined {
  const trimmed = text.trim();
  if (!/^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+)?$/i.test(trimmed)) return undefined;
  const plain = trimmed.replaceAll('_', '');
  return /^[-+]?\d+$/.test(plain) ? whole(BigInt(plain.replace('+', ''))) : new Float(Number(plain));
}

/** Python's `int(text, base)`: base 0 goes by the prefix 0x, 0o or 0b, which the base it stands for takes, too. */
export function parseWhole(text: string, base: number): Whole | undefined {
  const [, sign, prefix, digits = ''] = /^\s*([-+]?)(0[xob])?(\w+)\s*$/i.exec(text) ?? [];
  if (digits === '') return undefined;
  const prefixed = prefix === undefined ? undefined : BASES[prefix.toLowerCase()];
  // 0b1 is a prefix in base 2 and digits in base 16
  if (prefixed !== undefined && base !== 0 && base !== prefixed) return inBase(sign, `${prefix}${digits}`, base);
  return inBase(sign, digits, base === 0 ? (prefixed ?? 10) : base);
}
const BASES: Readonly<Record<string, number>> = { '0x': 16, '0o': 8, '0b': 2 };

function inBase(sign: string | undefined, text: string, base: number): Whole | undefined {
  let value = 0n;
  for (const char of text.replaceAll(/(?<=\w)_(?=\w)/g, '').toLowerCase()) {
    const digit = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(char);
    if (digit < 0 || digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return whole(sign === '-' ? -value : value);
}

/** Python's `repr()` of a float. */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return value.toFixed(1);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  // Python writes an exponent with two digits at least, and below 1e-4 already
  const size = Math.abs(value);
  const plain = size >= 1e-4 && size < 1e16 ? String(value) : value.toExponential();
  return plain.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `+ - * / // % **` with Python's signs and types. Undefined for another operator; division by zero is the caller's. */
export function compute(operator: string, left: Whole | Float, right: Whole | Float): Whole | Float | undefined {
  if (left instanceof Float || right instanceof Float) {
    const result = withNumbers(operator, Number(numeric(left)), Number(numeric(right)));
    return result === undefined ? undefined : new Float(result);
  }
  if (operator === '/') return new Float(Number(left) / Number(right));
  if (operator === '**' && right < 0) return new Float(Number(left) ** Number(right));
  if (typeof left === 'number' && typeof right === 'number') {
    const result = withNumbers(operator, left, right);
    // 0 and not -0: whole numbers have one zero
    if (result === undefined || Number.isSafeInteger(result)) return result === undefined ? undefined : result + 0;
  }
  const result = withBigints(operator, BigInt(left), BigInt(right));
  return result === undefined ? undefined : whole(result);
}

function withNumbers(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor((a - modulo(a, b)) / b);
    case '%':
      return modulo(a, b);
    case '**':
      return a ** b;
    default:
      return undefined;
  }
}

/** JavaScript's remainder has the sign of the left side, Python's that of the right. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function withBigints(operator: string, a: bigint, b: bigint): bigint | undefined {
  const rest = (): bigint => ((a % b) + b) % b;
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return (a - rest()) / b;
    case '%':
      return rest();
    case '**':
      return a ** b;
    default:
      return undefined;
  }
}
