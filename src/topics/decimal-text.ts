/** Avro's bytes of a decimal (big-endian two's complement) as the unscaled number. */
export function unscaledOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

/** The shortest such bytes. */
export function unscaledBytes(unscaled: bigint): Uint8Array {
  let size = 1;
  while (BigInt.asIntN(size * 8, unscaled) !== unscaled) size++;
  return sizedBytes(unscaled, size);
}

/** Such bytes of a given size, for `fixed`; the number must fit. */
export function sizedBytes(unscaled: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = unscaled;
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

/** `12.3400` for 123400 at scale 4. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The unscaled number of a decimal text (`-1.5`, `2e-3`); null when it is none or has more digits than the scale. */
export function parseDecimal(text: string, scale: number): bigint | null {
  const exact = rational(text, scale);
  return exact === null || exact.remainder !== 0n ? null : exact.quotient;
}

/** The same for plain texts of at most 15 digits, as a number; null also for any other text (then parseDecimal knows). */
export function parseShortDecimal(text: string, scale: number): number | null {
  const negative = text.charCodeAt(0) === 45;
  let digits = 0;
  let value = 0;
  let point = -1;
  for (let i = negative ? 1 : 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46 && point < 0 && digits > 0) point = digits;
    else if (code >= 48 && code <= 57) {
      value = value * 10 + code - 48;
      digits++;
    } else return null;
  }
  let missing = point < 0 ? scale : scale - (digits - point);
  if (digits === 0 || missing < 0 || digits + missing > 15 || point === digits) return null;
  for (; missing > 0; missing--) value *= 10;
  return negative ? -value : value;
}

/** The least unscaled number at or above a bound, or the greatest at or below it. */
export function unscaledBound(bound: number, scale: number, side: 'min' | 'max'): bigint {
  const exact = rational(String(bound), scale);
  if (exact === null) return 0n;
  const { quotient, remainder } = exact;
  if (side === 'min') return remainder > 0n ? quotient + 1n : quotient;
  return remainder < 0n ? quotient - 1n : quotient;
}

/** text * 10^scale, truncated toward zero, and what that leaves over (only its sign means something). */
function rational(text: string, scale: number): { quotient: bigint; remainder: bigint } | null {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const shift = scale - fraction.length + Number(exponent);
  if (shift >= 0) return { quotient: digits * 10n ** BigInt(shift), remainder: 0n };
  const divisor = 10n ** BigInt(-shift);
  return { quotient: digits / divisor, remainder: digits % divisor };
}
