import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/**
 * A DuckDB value as JSON (design, "Contracts"): dates and timestamps ISO 8601 in UTC, decimals as strings, bytes in
 * base64, integers as numbers where exact and as strings beyond 2^53 - 1, NaN and infinities as strings.
 */
export function toJson(value: DuckDBValue): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof DuckDBTimestampValue) return isoTimestamp(value.micros, 6);
  if (value instanceof DuckDBTimestampTZValue) return isoTimestamp(value.micros, 6);
  if (value instanceof DuckDBTimestampSecondsValue) return isoTimestamp(value.seconds, 0);
  if (value instanceof DuckDBTimestampMillisecondsValue) return isoTimestamp(value.millis, 3);
  if (value instanceof DuckDBTimestampNanosecondsValue) return isoTimestamp(value.nanos, 9);
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toJson);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, toJson(item)]));
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map((entry) => ({ key: toJson(entry.key), value: toJson(entry.value) }));
  }
  return String(value);
}

/** The same with points in time as Python prints them: `2026-11-24 10:00:00.123456`, with `+00:00` where they have a zone. */
export function toPython(value: DuckDBValue): unknown {
  const json = toJson(value);
  const isTime =
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampTZValue ||
    value instanceof DuckDBTimestampSecondsValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampNanosecondsValue;
  if (!isTime || typeof json !== 'string') return json;
  return json.replace('T', ' ').replace('Z', value instanceof DuckDBTimestampTZValue ? '+00:00' : '');
}

/** DuckDB keeps infinities as the last numbers of 64 bits. */
const INFINITY = 2n ** 63n - 1n;

/**
 * A time since 1970, counted in parts of a second of so many digits, as `2026-11-24T10:00:00.123456Z`; without a fraction
 * where there is none, in nanoseconds (9 digits) only where they are needed.
 */
function isoTimestamp(parts: bigint, digits: number): string {
  if (parts === INFINITY || parts === -INFINITY) return parts > 0n ? 'infinity' : '-infinity';
  const unit = 10n ** BigInt(digits);
  const fraction = ((parts % unit) + unit) % unit;
  const milliseconds = Number((parts - fraction) / unit) * 1000;
  // Beyond JavaScript's years.
  if (Math.abs(milliseconds) > 8.64e15) return parts > 0n ? 'infinity' : '-infinity';
  const seconds = new Date(milliseconds).toISOString().slice(0, -5);
  if (fraction === 0n) return `${seconds}Z`;
  const text = fraction.toString().padStart(digits, '0').padEnd(6, '0');
  return `${seconds}.${text.length > 6 && text.endsWith('000') ? text.slice(0, 6) : text}Z`;
}
