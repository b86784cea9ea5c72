/**
 * An average as a function of sum and count, bit for bit what DuckDB's `avg` gives. DuckDB divides an exact sum by the count,
 * SMALLINT and DECIMAL up to four digits in doubles, all others in `long double`: 80 bits on x86, then rounded once more, so
 * that a division in SQL differs in about one of two thousand. Those are therefore divided by DuckDB itself: an aggregate
 * state of `avg` over the sum once and zeros for the rest of the count, combined of powers of two.
 */

/** A group's sum (of the argument's type or wider) and count (at least 1), as SQL over `b`. */
export interface AverageOf {
  readonly argument: string;
  readonly sum: string;
  readonly count: string;
}

/** Whether the average of a type can be made of sum and count. */
export function isAveraged(type: string): boolean {
  // Beyond, the count times the scale leaves 64 bits with a few billion rows.
  const scale = scaleOf(type);
  return scale !== null && scale <= 9;
}

/** Stands after FROM: `zero.z` is what the zeros are made of. */
export const ZERO = '(select avg(0::hugeint) export_state as z from range(1)) zero';

/** The zeros of an average: SQL over the sum's row and {@link ZERO}. */
export function zerosOf({ argument, count }: AverageOf): string {
  const bits = `string_split(bin(greatest(${divisor(argument, count)} - 1, 0)), '')`;
  const powers = `list_transform(${bits}, lambda bit: case when bit = '1' then zero.z end)`;
  return `list_reduce(${powers}, lambda a, b: combine(combine(a, a), b))`;
}

/** The average: SQL over one row with its `zeros`, to be grouped with no other row. */
export function averageOf({ argument, sum, count }: AverageOf, zeros: string): string {
  const whole = wholeNumber(argument, sum);
  return inDoubles(argument)
    ? `first(cast(${whole} as double) / cast(${divisor(argument, count)} as double))`
    : `finalize(combine(avg(${whole}) export_state, first(${zeros})))`;
}

/** Whether DuckDB divides doubles, which SQL can do as well. */
export function inDoubles(type: string): boolean {
  return type === 'SMALLINT' || /^DECIMAL\([1-4],/.test(type);
}

function divisor(argument: string, count: string): string {
  return `cast(${count} as hugeint) * ${10 ** (scaleOf(argument) ?? 0)}`;
}

/** The sum without its decimal point. By its text: a product would have to fit into 38 digits. */
function wholeNumber(argument: string, sum: string): string {
  return (scaleOf(argument) ?? 0) === 0
    ? `cast(${sum} as hugeint)`
    : `cast(replace(cast(${sum} as varchar), '.', '') as hugeint)`;
}

function scaleOf(type: string): number | null {
  if (/^(SMALLINT|INTEGER|BIGINT)$/.test(type)) return 0;
  const scale = /^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1];
  return scale === undefined ? null : Number(scale);
}
